// Errors as JSON, in the two places where the Connect protocol puts them: the body of an
// error response, and the end of a stream.

#ifndef RUNNEL_RUNTIME_WIRE_CONNECT_ERROR_H_
#define RUNNEL_RUNTIME_WIRE_CONNECT_ERROR_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/core/limits.h"
#include "runtime/core/metadata.h"

namespace runnel {

// {"code":"not_found","message":"…","details":[{"type":"…","value":"<base64>"}]}
// `status` is not OK. A message that is not UTF-8 has the bad bytes replaced by U+FFFD.
std::string ConnectErrorJson(const absl::Status& status);

struct ConnectError {
  absl::Status status;
  bool has_code = false;  // in the JSON, and one that is known
};
// The error that `json` holds, which has the code `otherwise` where the JSON says none.
absl::StatusOr<ConnectError> ParseConnectError(std::string_view json, const Limits& limits,
                                               absl::StatusCode otherwise);

// The end of a stream: {} or {"error":…,"metadata":{"key":["value",…]}}.
struct EndOfStream {
  absl::Status status;
  Metadata trailers;
  friend bool operator==(const EndOfStream&, const EndOfStream&) = default;
};
std::string EndOfStreamJson(const EndOfStream& end);
// An error without a code that is known is UNKNOWN.
absl::StatusOr<EndOfStream> ParseEndOfStream(std::string_view json, const Limits& limits);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_WIRE_CONNECT_ERROR_H_
