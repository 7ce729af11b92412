#include "runtime/client/event_source_url.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/http/http_url.h"

namespace runnel {
namespace {

// Without "." and "..", which lead nowhere from the root.
std::string WithoutDots(std::string_view path) {
  std::vector<std::string_view> kept;
  bool folder = true;  // the last segment leads into a folder
  size_t at = 1;
  while (at <= path.size()) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    folder = segment == "." || segment == "..";
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (segment != ".") {
      kept.push_back(segment);
    }
    at = end + 1;
  }
  std::string clean;
  for (const std::string_view segment : kept) absl::StrAppend(&clean, "/", AbslView(segment));
  if (folder || clean.empty()) clean += '/';
  return clean;
}

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const unsigned char c : text) {
    if (c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>') {
      absl::StrAppend(&escaped, absl::StrFormat("%%%02X", c));
    } else {
      escaped += static_cast<char>(c);
    }
  }
  return escaped;
}

// Of "path[?query]", the path beginning with a slash.
std::string Target(std::string_view text) {
  const size_t query = std::min(text.find('?'), text.size());
  return Escaped(WithoutDots(text.substr(0, query)) + std::string(text.substr(query)));
}

// The length of "scheme:" at the beginning, 0 where there is none.
size_t SchemeLength(std::string_view text) {
  const size_t end = text.find_first_of(":/?#");
  if (end == std::string_view::npos || end == 0 || text[end] != ':') return 0;
  const bool scheme = std::all_of(text.begin(), text.begin() + end, [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '+' || c == '-' || c == '.';
  });
  return scheme && absl::ascii_isalpha(static_cast<unsigned char>(text[0])) ? end + 1 : 0;
}

}  // namespace

absl::StatusOr<EventSourceUrl> ParseEventSourceUrl(std::string_view text) {
  text = StdView(absl::StripAsciiWhitespace(AbslView(text)));
  text = text.substr(0, text.find('#'));
  const size_t scheme = text.find("://");
  const size_t end = scheme == std::string_view::npos
                         ? text.size()
                         : std::min(text.find_first_of("/?", scheme + 3), text.size());
  RUNNEL_ASSIGN_OR_RETURN(const HttpUrl parsed, ParseHttpUrl(text.substr(0, end)));
  if (parsed.address.port == 0) {
    return absl::InvalidArgumentError(absl::StrCat("bad address \"", AbslView(text.substr(0, end)),
                                                   "\": nobody can be at port 0"));
  }
  EventSourceUrl url;
  url.origin =
      absl::AsciiStrToLower(absl::StrCat(parsed.tls ? "https://" : "http://", parsed.HostField()));
  const std::string_view rest = text.substr(end);
  url.target = Target(rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest));
  return url;
}

absl::StatusOr<EventSourceUrl> ResolveUrl(const EventSourceUrl& base, std::string_view reference) {
  reference = StdView(absl::StripAsciiWhitespace(AbslView(reference)));
  if (SchemeLength(reference) > 0) return ParseEventSourceUrl(reference);
  if (reference.starts_with("//")) {
    const std::string scheme = base.tls() ? "https:" : "http:";
    return ParseEventSourceUrl(scheme + std::string(reference));
  }
  reference = reference.substr(0, reference.find('#'));
  EventSourceUrl url = base;
  if (reference.empty()) return url;
  const std::string_view path = std::string_view(base.target).substr(0, base.target.find('?'));
  if (reference.starts_with('/')) {
    url.target = Target(reference);
  } else if (reference.starts_with('?')) {
    url.target = Target(std::string(path) + std::string(reference));
  } else {
    const std::string_view folder = path.substr(0, path.rfind('/') + 1);
    url.target = Target(std::string(folder) + std::string(reference));
  }
  return url;
}

}  // namespace runnel
