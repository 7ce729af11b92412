// What this server and its clients agree on about the compression of direct calls.

#ifndef RUNNEL_RUNTIME_SERVER_CONTENT_CODING_H_
#define RUNNEL_RUNTIME_SERVER_CONTENT_CODING_H_

#include <string_view>

#include "absl/status/status.h"
#include "runtime/core/compression.h"

namespace runnel {

// What Accept-Encoding and Connect-Accept-Encoding say of what this server has.
inline constexpr std::string_view kAcceptedCodings = "gzip";

// UNIMPLEMENTED: says that `where` ("Content-Encoding") asks for `name`, and what there is.
absl::Status UnknownCoding(std::string_view where, std::string_view name);

// What to compress a response with, for a client that accepts `accepted`: a list as Accept-Encoding
// has it (RFC 9110 section 12.5.3).
Compression ChooseCoding(std::string_view accepted);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_CONTENT_CODING_H_
