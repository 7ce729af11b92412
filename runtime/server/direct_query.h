// DirectQuery is the query of a call made by GET (PROTOCOL.md, A.1).

#ifndef RUNNEL_RUNTIME_SERVER_DIRECT_QUERY_H_
#define RUNNEL_RUNTIME_SERVER_DIRECT_QUERY_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "runtime/core/codec.h"
#include "runtime/server/content_coding.h"

namespace runnel {

// A value.
struct DirectQuery {
  Codec codec = Codec::kJson;
  Compression coding = Compression::kIdentity;
  std::optional<std::string> message;  // encoded, and compressed if `coding` says so

  // Of "connect=v1&encoding=json&message=%7B%7D". Other parameters mean nothing. INVALID_ARGUMENT,
  // or UNIMPLEMENTED for a compression that this server has not, says which is wrong.
  static absl::StatusOr<DirectQuery> Parse(std::string_view query);
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_DIRECT_QUERY_H_
