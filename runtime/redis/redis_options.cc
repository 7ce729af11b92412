#include "runtime/redis/redis_options.h"

#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/api/percent_text.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"

namespace runnel {
namespace {

constexpr std::string_view kForms =
    "it is \"redis://[user:password@]host[:port][/database]\" or "
    "\"unix://[user:password@]/path[?db=database]\"";

// Never quotes the URL, in which there may be a password.
absl::Status Malformed(std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("the address of Redis ", AbslView(what), ": ", AbslView(kForms)));
}

bool Consume(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

absl::Status ReadDatabase(std::string_view text, RedisOptions& options) {
  if (text.empty()) return absl::OkStatus();
  if (!absl::SimpleAtoi(AbslView(text), &options.database) || options.database < 0) {
    return Malformed("has a database that is no number");
  }
  return absl::OkStatus();
}

absl::Status ReadUser(std::string_view text, RedisOptions& options) {
  const size_t colon = text.find(':');
  if (colon == text.npos) return Malformed("has a user without a password");
  std::optional<std::string> user = PercentDecoded(text.substr(0, colon), PlusMeans::kPlus);
  std::optional<std::string> password = PercentDecoded(text.substr(colon + 1), PlusMeans::kPlus);
  if (!user || !password) return Malformed("has a user or password with a wrong %");
  if (password->empty()) return Malformed("has an empty password");
  options.user = *std::move(user);
  options.password = *std::move(password);
  return absl::OkStatus();
}

absl::Status ReadHost(std::string_view text, RedisOptions& options) {
  std::string_view host = text, port;
  if (const size_t end = text.find(']'); text.substr(0, 1) == "[" && end != text.npos) {
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else if (const size_t colon = text.rfind(':'); colon != text.npos) {
    host = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (host.empty()) return Malformed("has no host");
  options.host = std::string(host);
  if (port.empty()) return absl::OkStatus();
  int number = 0;
  if (!absl::SimpleAtoi(AbslView(port.substr(1)), &number) || port[0] != ':' || number < 1 ||
      number > 65535) {
    return Malformed("has a port that is none");
  }
  options.port = static_cast<uint16_t>(number);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RedisOptions> RedisOptions::FromUrl(std::string_view url) {
  RedisOptions options;
  if (Consume(url, "rediss://")) {
    return Malformed("asks for TLS, which is for a proxy on this machine to speak");
  }
  const bool is_unix = Consume(url, "unix://");
  if (!is_unix && !Consume(url, "redis://")) return Malformed("begins with no scheme it may have");
  // An @ of a path comes after its first slash.
  if (const size_t at = url.substr(0, url.find('/')).rfind('@'); at != url.npos) {
    RUNNEL_RETURN_IF_ERROR(ReadUser(url.substr(0, at), options));
    url.remove_prefix(at + 1);
  }
  if (is_unix) {
    const size_t query = url.find('?');
    options.unix_socket = std::string(url.substr(0, query));
    if (options.unix_socket.empty() || options.unix_socket[0] != '/') {
      return Malformed("has no absolute path");
    }
    if (query == url.npos) return options;
    url.remove_prefix(query + 1);
    if (!Consume(url, "db=")) return Malformed("has an option other than db");
    RUNNEL_RETURN_IF_ERROR(ReadDatabase(url, options));
    return options;
  }
  const size_t slash = url.find('/');
  RUNNEL_RETURN_IF_ERROR(ReadHost(url.substr(0, slash), options));
  if (slash != url.npos) RUNNEL_RETURN_IF_ERROR(ReadDatabase(url.substr(slash + 1), options));
  return options;
}

std::string RedisOptions::Address() const {
  if (!unix_socket.empty()) return absl::StrCat("unix:", unix_socket);
  return host.find(':') == host.npos ? absl::StrCat(host, ":", port)
                                     : absl::StrCat("[", host, "]:", port);
}

}  // namespace runnel
