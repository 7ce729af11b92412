// The edge between std::string_view, which Runnel's interfaces use, and
// absl::string_view, which in some builds of Abseil is a type of its own that does
// not convert. These two functions compile in both worlds.

#ifndef RUNNEL_RUNTIME_CORE_STRING_VIEW_H_
#define RUNNEL_RUNTIME_CORE_STRING_VIEW_H_

#include <string_view>

#include "absl/strings/string_view.h"

namespace runnel {

inline absl::string_view AbslView(std::string_view s) { return {s.data(), s.size()}; }
inline std::string_view StdView(absl::string_view s) { return {s.data(), s.size()}; }

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CORE_STRING_VIEW_H_
