// UTF-8 checked sixteen bytes at a time.

#ifndef RUNNEL_RUNTIME_CORE_UTF8_BLOCKS_H_
#define RUNNEL_RUNTIME_CORE_UTF8_BLOCKS_H_

#include <cstddef>
#include <string_view>

namespace runnel {

// A number of bytes at the start that are well-formed, and end with a character: at least those of
// all whole blocks before the first error, but for a character that the last of them cuts. 0 on
// machines without the instructions.
size_t ValidUtf8Blocks(std::string_view bytes);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CORE_UTF8_BLOCKS_H_
