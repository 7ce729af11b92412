// Texts in the paths and queries of URLs (RFC 3986, section 2.1).

#ifndef RUNNEL_RUNTIME_API_PERCENT_TEXT_H_
#define RUNNEL_RUNTIME_API_PERCENT_TEXT_H_

#include <optional>
#include <string>
#include <string_view>

namespace runnel {

// Appends `text` with everything escaped but letters, digits, "-._~", and what is in `also`.
void AppendPercentEncoded(std::string_view text, std::string_view also, std::string& out);

// In queries "+" may be a space.
enum class PlusMeans { kPlus, kSpace };
// Nullopt for a "%" without two hexadecimal digits.
std::optional<std::string> PercentDecoded(std::string_view text, PlusMeans plus);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_API_PERCENT_TEXT_H_
