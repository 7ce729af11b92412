// The addresses that HTTP servers listen on and clients connect to.

#ifndef RUNNEL_RUNTIME_HTTP_HTTP_URL_H_
#define RUNNEL_RUNTIME_HTTP_HTTP_URL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace runnel {

struct HostPort {
  std::string host;  // a name or an address, without brackets
  uint16_t port = 0;
  std::string unix_path;  // where set, a Unix socket; the others are what requests call it

  std::string Text() const;  // "localhost:80", "[::1]:80", "unix:/run/x.sock"
};

// The path in "unix:/run/x.sock" or "unix:///run/x.sock", which begins with one slash at most;
// nullopt for what does not begin so.
std::optional<std::string_view> UnixPathOf(std::string_view address);

// Parses "host:port"; an IPv6 address stands in brackets. INVALID_ARGUMENT says what is wrong.
absl::StatusOr<HostPort> ParseHostPort(std::string_view text);

struct HttpUrl {
  bool tls = false;  // https
  HostPort address;
  std::string path;  // without a slash at its end; empty for none

  // The value of a Host field: without the port that the scheme has anyway.
  std::string HostField() const;
};

// Parses "http://host[:port][/path]", or https, the base that a client's requests go to; or
// "unix:/run/x.sock", whose host is "localhost".
absl::StatusOr<HttpUrl> ParseHttpUrl(std::string_view text);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_HTTP_URL_H_
