// Base64 (RFC 4648), standard alphabet (section 4) unless a name says otherwise.

#ifndef RUNNEL_RUNTIME_WIRE_BASE64_H_
#define RUNNEL_RUNTIME_WIRE_BASE64_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace runnel {

// Appends `bytes` encoded without padding.
void AppendBase64(std::string_view bytes, std::string& out);

// The same with padding, for writers with a buffer of their own: `to` has room for
// PaddedBase64Size(bytes.size()) characters. Returns the end of what it wrote.
constexpr size_t PaddedBase64Size(size_t bytes) { return (bytes + 2) / 3 * 4; }
char* WritePaddedBase64(std::string_view bytes, char* to);

// Replaces `out` by the decoded `text`, padded or not. INVALID_ARGUMENT, with the offset,
// for any other character, a wrong length, or bits set that no byte holds.
absl::Status DecodeBase64(std::string_view text, std::string& out);

// The same for text in the standard or in the URL-safe alphabet (section 5), not in both at once.
absl::Status DecodeAnyBase64(std::string_view text, std::string& out);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_WIRE_BASE64_H_
