// Strict scanning of JSON text (RFC 8259): whether text is JSON, and where a value in it ends,
// without building anything. Linear in the text, no recursion. Beyond the grammar it wants
// valid UTF-8, and surrogates in \u escapes in pairs, so that every string has a value.
//
// Errors are INVALID_ARGUMENT with the offset and what was expected there, or
// RESOURCE_EXHAUSTED when objects and arrays nest deeper than Limits::max_json_depth.

#ifndef RUNNEL_RUNTIME_CORE_JSON_SCAN_H_
#define RUNNEL_RUNTIME_CORE_JSON_SCAN_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace runnel {

// Whether `text` is one JSON value with nothing but white space around it.
absl::Status ScanJson(std::string_view text, int max_depth);

// The steps, for readers that pull values out of a text. `position` moves over what was
// accepted; after an error it is where the error is.
inline void SkipJsonSpace(std::string_view text, size_t& position) {
  for (; position < text.size(); ++position) {
    const char c = text[position];
    if (c > ' ' || (c != ' ' && c != '\t' && c != '\n' && c != '\r')) return;
  }
}
// At a quotation mark; moves behind the closing one.
absl::Status SkipJsonString(std::string_view text, size_t& position);
absl::Status SkipJsonNumber(std::string_view text, size_t& position);
// At the first character of a value that stands inside `depth` objects and arrays.
absl::Status SkipJsonValue(std::string_view text, int depth, int max_depth, size_t& position);

// The same for a value that is checked later, by whoever reads it: an object or array is looked at
// only as far as it takes to find its end, which is several times as fast.
absl::Status SkipUncheckedJson(std::string_view text, size_t& position);

// `invalid JSON at byte 12: expected ':' after a key`.
absl::Status JsonError(size_t position, std::string_view what);
absl::Status JsonDepthError(size_t position, int max_depth);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CORE_JSON_SCAN_H_
