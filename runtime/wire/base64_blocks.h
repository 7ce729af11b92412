// The bulk of base64: many characters at a time, by what the processor has for it.

#ifndef RUNNEL_RUNTIME_WIRE_BASE64_BLOCKS_H_
#define RUNNEL_RUNTIME_WIRE_BASE64_BLOCKS_H_

#include <cstddef>
#include <string_view>

namespace runnel {

// Both do what they can of the standard alphabet and leave the rest to their caller: the end of the
// bytes, and whatever begins with a character of no alphabet or of another. Where the processor has
// nothing, that is all of it.

// Returns how many bytes it encoded, a multiple of three. `to` has room for what all of `bytes`
// becomes.
size_t EncodeBase64Blocks(std::string_view bytes, char* to);

// Returns how many characters it decoded, a multiple of four, and sets `standard` if there was one
// that only the standard alphabet has. `to` has room for what all of `text` becomes.
size_t DecodeBase64Blocks(std::string_view text, unsigned char* to, bool& standard);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_WIRE_BASE64_BLOCKS_H_
