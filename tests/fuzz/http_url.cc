// The addresses of servers, and the targets of requests: what is taken says the same when it is
// written and read again.

#include "runtime/http/http_url.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"
#include "runtime/http/request_target.h"
#include "tests/fuzz/fuzzer.h"

namespace runnel::fuzz {
namespace {

void CheckAddress(const HostPort& address) {
  Require(!address.host.empty(), "an address has a host");
  for (const unsigned char c : address.host) {
    Require(c > ' ' && c < 0x7f && c != '/' && c != '@' && c != '?' && c != '#',
            "a host is a host");
  }
  const auto again = ParseHostPort(address.Text());
  Require(again.ok(), "the text of an address is one");
  RequireEqual(again->host, address.host, "its host is the same");
  Require(again->port == address.port, "its port is the same");
}

void CheckUnixUrl(const HttpUrl& url) {
  Require(!url.tls && url.path.empty(), "the URL of a Unix socket is its path");
  const auto again = ParseHttpUrl(url.address.Text());
  Require(again.ok(), "the text of a Unix socket's address is a URL");
  RequireEqual(again->address.unix_path, url.address.unix_path, "its path is the same");
}

void CheckUrl(std::string_view data) {
  const auto url = ParseHttpUrl(data);
  if (!url.ok()) return;
  if (!url->address.unix_path.empty()) return CheckUnixUrl(*url);
  CheckAddress(url->address);
  Require(!url->path.ends_with('/'), "a base path ends without a slash");
  Require(url->path.empty() || url->path.starts_with('/'), "a base path begins with a slash");
  const auto again = ParseHttpUrl(absl::StrCat("http://", url->address.Text(), url->path));
  Require(again.ok(), "a URL that was taken apart goes together");
  RequireEqual(again->path, url->path, "its path is the same");
  RequireEqual(again->address.Text(), url->address.Text(), "its address is the same");
}

// "target\nhost"
void CheckTarget(std::string_view data) {
  const size_t end = data.find('\n');
  std::string target(data.substr(0, end));
  HttpHeaders headers;
  if (end != std::string_view::npos) headers.Set("Host", data.substr(end + 1));
  if (!NormalizeTarget(target, headers).ok()) return;
  Require(target == "*" || target.starts_with('/'), "a target is in origin form");
  const std::string host(headers.Get("host").value_or(""));
  Require(host.find_first_of("/?#@\\ \t\r\n") == std::string::npos, "a Host is a host");
  std::string again = target;
  Require(NormalizeTarget(again, headers).ok(), "a target in origin form is taken");
  RequireEqual(again, target, "and stays");
  RequireEqual(headers.Get("host").value_or(""), host, "and so does its Host");
}

void Check(std::string_view data) {
  if (const auto address = ParseHostPort(data); address.ok()) CheckAddress(*address);
  CheckUrl(data);
  CheckTarget(data);
}

std::vector<std::string> Seeds() {
  return {"localhost:80",
          "[::1]:8080",
          "http://localhost",
          "http://user@host:80/",
          "HTTP://127.0.0.1:65535/a/b//",
          "http://[::1]/x",
          "http://[::1]:99999/x",
          "unix:/run/x.sock",
          "unix:///run/x.sock",
          "/x?y=%20\nlocalhost:8080",
          "*\nlocalhost",
          "http://other/x\nlocalhost",
          "https://other?x\n",
          "//x\n[::1]"};
}

const Fuzzer fuzzer("http_url", Check, Seeds);

}  // namespace
}  // namespace runnel::fuzz
