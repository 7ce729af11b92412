// The strings of package:sse on the wire: each message is one JSON string, as Dart writes it.

#ifndef RUNNEL_RUNTIME_SSE_DART_STRING_H_
#define RUNNEL_RUNTIME_SSE_DART_STRING_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace runnel {

// Appends `text` as Dart's JSON encoder does: short escapes where there are some, \u00xx in lower
// case for other control characters, and everything else, DEL and "/" too, as it is. What is not
// UTF-8 in it becomes U+FFFD.
void AppendDartString(std::string_view text, std::string& out);

// What a JSON string says. Dart's strings are UTF-16 and may have half of a surrogate pair, which
// no UTF-8 has: that becomes U+FFFD, and so does what is not UTF-8 in `json`. INVALID_ARGUMENT for
// everything that is not one JSON string.
absl::StatusOr<std::string> ParseDartString(std::string_view json);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SSE_DART_STRING_H_
