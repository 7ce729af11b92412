// UTF-8 as the Unicode standard and the Encoding standard define it: shortest forms only, no
// surrogates, nothing above U+10FFFF.

#ifndef RUNNEL_RUNTIME_CORE_UTF8_H_
#define RUNNEL_RUNTIME_CORE_UTF8_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace runnel {

// How many bytes at the start of `bytes` are well-formed UTF-8: all of them, or those before
// the first ill-formed or incomplete sequence.
size_t ValidUtf8Prefix(std::string_view bytes);
inline bool IsValidUtf8(std::string_view bytes) { return ValidUtf8Prefix(bytes) == bytes.size(); }

// Appends `bytes` with every maximal subpart of an ill-formed sequence replaced by U+FFFD, as
// browsers decode.
void AppendRepairedUtf8(std::string_view bytes, std::string& out);

// Appends the UTF-8 of a code point, which is no surrogate and not above U+10FFFF.
void AppendUtf8(char32_t code_point, std::string& out);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CORE_UTF8_H_
