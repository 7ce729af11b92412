// Text that may hold anything, made fit for a proto3 string.

#ifndef SERVICES_EXAMPLES_SHARED_UTF8_H_
#define SERVICES_EXAMPLES_SHARED_UTF8_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace examples {

// The length of the UTF-8 character `text` begins with; 0 when it begins with none.
size_t Utf8Length(std::string_view text);

// `text` with every byte that is part of no character replaced by U+FFFD.
std::string ToUtf8(std::string_view text);

}  // namespace examples

#endif  // SERVICES_EXAMPLES_SHARED_UTF8_H_
