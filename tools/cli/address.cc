#include "tools/cli/address.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"

namespace runnel::cli {
namespace {

constexpr char kDefaultAddress[] = "localhost:8080";

std::string FromEnvironment() {
  const char* const value = std::getenv("RUNNEL_SERVER");
  return value == nullptr ? "" : value;
}

}  // namespace

bool IsAddress(std::string_view word) {
  for (const std::string_view scheme : {"http://", "https://", "unix:"}) {
    if (word.starts_with(scheme)) return true;
  }
  const bool digits = word.find_first_not_of("0123456789.") == std::string_view::npos;
  if (word == "localhost" || (digits && std::count(word.begin(), word.end(), '.') == 3)) {
    return true;
  }
  const size_t colon = word.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == word.size()) return false;
  const std::string_view port = word.substr(colon + 1);
  const std::string_view host = word.substr(0, colon);
  return std::all_of(port.begin(), port.end(),
                     [](unsigned char c) { return absl::ascii_isdigit(c); }) &&
         std::all_of(host.begin(), host.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_' || c == ':' ||
                  c == '[' || c == ']';
         });
}

std::string UrlOf(std::string_view address) {
  if (address.find("://") != std::string_view::npos || address.starts_with("unix:")) {
    return std::string(address);
  }
  return absl::StrCat("http://", address.starts_with(':') ? "localhost" : "", AbslView(address));
}

std::string TakeAddress(std::vector<std::string>& words) {
  std::string address;
  if (!words.empty() && IsAddress(words.front())) {
    address = words.front();
    words.erase(words.begin());
  }
  if (address.empty()) address = FromEnvironment();
  if (address.empty()) address = kDefaultAddress;
  return UrlOf(address);
}

}  // namespace runnel::cli
