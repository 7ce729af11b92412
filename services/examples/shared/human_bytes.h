// Numbers of bytes for people: "3.4 MiB".

#ifndef SERVICES_EXAMPLES_SHARED_HUMAN_BYTES_H_
#define SERVICES_EXAMPLES_SHARED_HUMAN_BYTES_H_

#include <string>

#include "absl/strings/str_format.h"

namespace examples {

inline std::string HumanBytes(double bytes) {
  const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  int unit = 0;
  while (bytes >= 1024 && unit < 5) {
    bytes /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.*f %s", unit == 0 ? 0 : 1, bytes, units[unit]);
}

}  // namespace examples

#endif  // SERVICES_EXAMPLES_SHARED_HUMAN_BYTES_H_
