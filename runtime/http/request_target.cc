#include "runtime/http/request_target.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"

namespace runnel {
namespace {

// What a host and its port are made of (RFC 3986 section 3.2.2): no "@", and nothing that could end
// a name early for whoever looks at it next.
bool IsHost(std::string_view text) {
  constexpr std::string_view kOthers = "-._~!$&'()*+,;=%:[]";
  return std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return absl::ascii_isalnum(c) || kOthers.find(static_cast<char>(c)) != kOthers.npos;
  });
}

}  // namespace

absl::Status NormalizeTarget(std::string& target, HttpHeaders& headers) {
  if (!target.starts_with('/') && target != "*") {
    const bool absolute = absl::StartsWithIgnoreCase(target, "http://") ||
                          absl::StartsWithIgnoreCase(target, "https://");
    if (!absolute) {
      return absl::InvalidArgumentError(
          "malformed request target: neither a path nor an http or https URL");
    }
    const size_t begin = target.find("://") + 3;
    const size_t end = std::min(target.find_first_of("/?", begin), target.size());
    const std::string authority = target.substr(begin, end - begin);
    if (authority.empty()) {
      return absl::InvalidArgumentError("malformed request target: a URL without a host");
    }
    headers.Set("host", authority);
    target = absl::StrCat(target.substr(end).starts_with('/') ? "" : "/", target.substr(end));
  }
  if (!IsHost(headers.Get("host").value_or(""))) {
    return absl::InvalidArgumentError("malformed Host");
  }
  return absl::OkStatus();
}

}  // namespace runnel
