// How bodies and messages of direct calls are compressed: not at all, or by gzip.

#ifndef RUNNEL_RUNTIME_SERVER_CONTENT_CODING_H_
#define RUNNEL_RUNTIME_SERVER_CONTENT_CODING_H_

#include <cstddef>
#include <optional>
#include <string_view>

#include "absl/status/status.h"

namespace runnel {

enum class ContentCoding { kIdentity, kGzip };

// What is smaller gains nothing by compression.
inline constexpr size_t kLeastCompressedBytes = 1024;

// What Accept-Encoding and Connect-Accept-Encoding say of what this server has.
inline constexpr std::string_view kAcceptedCodings = "gzip";

// The coding that `name` is for ("" is identity); nullopt for one that this server has not.
std::optional<ContentCoding> ContentCodingFromName(std::string_view name);

// UNIMPLEMENTED: says that `where` ("Content-Encoding") asks for `name`, and what there is.
absl::Status UnknownCoding(std::string_view where, std::string_view name);

// What to compress a response with, for a client that accepts `accepted`: a list as Accept-Encoding
// has it (RFC 9110 section 12.5.3).
ContentCoding ChooseCoding(std::string_view accepted);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_CONTENT_CODING_H_
