// The addresses of event streams: absolute, with paths and queries, and where a redirect leads.

#ifndef RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_URL_H_
#define RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_URL_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace runnel {

struct EventSourceUrl {
  std::string origin;        // "https://example.com:8443", in lower case
  std::string target = "/";  // path and query

  std::string Text() const { return origin + target; }
  // For messages: queries have secrets.
  std::string TextWithoutQuery() const { return origin + target.substr(0, target.find('?')); }
  bool tls() const { return origin.starts_with("https:"); }
};

// "http://host[:port][/path][?query][#fragment]", or https. What no URL has as it is, such as a
// space, is escaped; the fragment is left out. INVALID_ARGUMENT says what is wrong.
absl::StatusOr<EventSourceUrl> ParseEventSourceUrl(std::string_view text);

// What `reference` means where `base` is (RFC 3986, section 5.2): it may be relative.
absl::StatusOr<EventSourceUrl> ResolveUrl(const EventSourceUrl& base, std::string_view reference);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_URL_H_
