// Base64, standard alphabet (RFC 4648 section 4).

#ifndef RUNNEL_RUNTIME_WIRE_BASE64_H_
#define RUNNEL_RUNTIME_WIRE_BASE64_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace runnel {

// Appends `bytes` encoded without padding.
void AppendBase64(std::string_view bytes, std::string& out);

// Replaces `out` by the decoded `text`, padded or not. INVALID_ARGUMENT, with the offset,
// for any other character, a wrong length, or bits set that no byte holds.
absl::Status DecodeBase64(std::string_view text, std::string& out);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_WIRE_BASE64_H_
