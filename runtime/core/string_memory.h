// Giving back what a string has allocated.

#ifndef RUNNEL_RUNTIME_CORE_STRING_MEMORY_H_
#define RUNNEL_RUNTIME_CORE_STRING_MEMORY_H_

#include <string>

namespace runnel {

// Empties `text` and frees its memory, which assigning an empty string does not: libstdc++ copies
// a short string into what is there.
inline void FreeMemory(std::string& text) { std::string().swap(text); }

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CORE_STRING_MEMORY_H_
