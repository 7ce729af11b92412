#include "runtime/http/http_url.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/http/http_headers.h"

namespace runnel {
namespace {

constexpr int kHttpPort = 80;
constexpr int kHttpsPort = 443;

absl::Status Bad(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("bad address \"", AbslView(text), "\": ", AbslView(why)));
}

// `default_port` < 0: there must be one.
absl::StatusOr<HostPort> ParseAuthority(std::string_view text, int default_port,
                                        std::string_view whole) {
  HostPort parsed;
  std::string_view rest;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return Bad(whole, "the bracket is not closed");
    parsed.host = text.substr(1, end - 1);
    if (parsed.host.find(':') == std::string::npos ||
        parsed.host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string::npos) {
      return Bad(whole, "only an IPv6 address stands in brackets");
    }
    rest = text.substr(end + 1);
    if (!rest.empty() && rest[0] != ':') return Bad(whole, "\":port\" must follow the bracket");
  } else {
    const size_t colon = text.find(':');
    if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos) {
      return Bad(whole, "an IPv6 address stands in brackets, as in [::1]:8080");
    }
    parsed.host = text.substr(0, colon);
    if (colon != std::string_view::npos) rest = text.substr(colon);
  }
  if (parsed.host.empty()) return Bad(whole, "there is no host");
  for (unsigned char c : parsed.host) {
    if (c <= ' ' || c >= 0x7f || c == '@' || c == '/' || c == '?' || c == '#' || c == '%' ||
        c == '[' || c == ']') {
      return Bad(whole, "the host has a character that no host has");
    }
  }
  if (rest.empty()) {
    if (default_port < 0) return Bad(whole, "there is no port; write \"host:port\"");
    parsed.port = static_cast<uint16_t>(default_port);
    return parsed;
  }
  rest.remove_prefix(1);
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), parsed.port);
  if (error != std::errc() || end != rest.data() + rest.size()) {
    return Bad(whole, "the port must be a number from 0 to 65535");
  }
  return parsed;
}

}  // namespace

std::string HostPort::Text() const {
  if (!unix_path.empty()) return absl::StrCat("unix:", unix_path);
  return host.find(':') == std::string::npos ? absl::StrCat(host, ":", port)
                                             : absl::StrCat("[", host, "]:", port);
}

std::string HttpUrl::HostField() const {
  if (address.port != (tls ? kHttpsPort : kHttpPort)) return address.Text();
  return address.host.find(':') == std::string::npos ? address.host
                                                     : absl::StrCat("[", address.host, "]");
}

std::optional<std::string_view> UnixPathOf(std::string_view address) {
  if (!address.starts_with("unix:")) return std::nullopt;
  address.remove_prefix(5);
  while (address.starts_with("//")) address.remove_prefix(1);
  return address;
}

absl::StatusOr<HostPort> ParseHostPort(std::string_view text) {
  return ParseAuthority(text, -1, text);
}

absl::StatusOr<HttpUrl> ParseHttpUrl(std::string_view text) {
  if (const std::optional<std::string_view> path = UnixPathOf(text)) {
    if (path->empty()) return Bad(text, "there is no path; write \"unix:/run/x.sock\"");
    HttpUrl url;
    url.address.host = "localhost";
    url.address.port = kHttpPort;
    url.address.unix_path = *path;
    return url;
  }
  const size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) {
    return Bad(text, "it must begin with \"http://\", \"https://\" or \"unix:\"");
  }
  const std::string_view scheme = text.substr(0, scheme_end);
  HttpUrl url;
  url.tls = EqualsIgnoreCase(scheme, "https");
  if (!url.tls && !EqualsIgnoreCase(scheme, "http")) {
    return Bad(text, "it must begin with \"http://\" or \"https://\"");
  }
  std::string_view rest = text.substr(scheme_end + 3);
  const size_t path = std::min(rest.find('/'), rest.size());
  if (rest.find_first_of("?#") != std::string_view::npos) {
    return Bad(text, "a base has no query and no fragment");
  }
  RUNNEL_ASSIGN_OR_RETURN(
      url.address, ParseAuthority(rest.substr(0, path), url.tls ? kHttpsPort : kHttpPort, text));
  rest.remove_prefix(path);
  while (rest.ends_with('/')) rest.remove_suffix(1);
  for (unsigned char c : rest) {
    if (c <= ' ' || c >= 0x7f) return Bad(text, "the path has a character that must be escaped");
  }
  url.path = rest;
  return url;
}

}  // namespace runnel
