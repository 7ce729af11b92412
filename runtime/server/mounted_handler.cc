#include "runtime/server/mounted_handler.h"

namespace runnel {

MountedHandler* FindMounted(const MountedHandlers& mounted, std::string_view path) {
  if (mounted.empty()) return nullptr;
  if (const auto exact = mounted.find(path); exact != mounted.end()) return exact->second;
  for (size_t slash = path.rfind('/'); slash != path.npos && slash > 0;
       slash = path.rfind('/', slash - 1)) {
    if (const auto below = mounted.find(path.substr(0, slash + 1)); below != mounted.end()) {
      return below->second;
    }
  }
  return nullptr;
}

}  // namespace runnel
