#include "tools/cli/connection.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/http/http_url.h"
#include "tools/cli/field_argument.h"

namespace runnel::cli {
namespace {

// What the server may send in a message is its own affair.
constexpr size_t kMaxMessageBytes = 256 * 1024 * 1024;

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

absl::StatusOr<Metadata> CredentialsOf(const Options& options) {
  Metadata credentials;
  RUNNEL_ASSIGN_OR_RETURN(const std::optional<std::string> token, BearerToken(options));
  if (token) credentials.Add("authorization", absl::StrCat("Bearer ", *token));
  return credentials;
}

}  // namespace

absl::StatusOr<std::optional<std::string>> BearerToken(const Options& options) {
  std::string token = Environment("RUNNEL_TOKEN");
  if (!options.token_file.empty()) {
    RUNNEL_ASSIGN_OR_RETURN(token, ReadFile(options.token_file));
  }
  absl::StripAsciiWhitespace(&token);
  if (!options.token_file.empty() && token.empty()) {
    return absl::NotFoundError(absl::StrCat(options.token_file, " has no token in it"));
  }
  if (token.empty()) return std::optional<std::string>();
  return std::optional<std::string>(token);
}

std::string TokenWarning(const Options& options, std::string_view url) {
  if (options.token_file.empty() && Environment("RUNNEL_TOKEN").empty()) return "";
  if (!url.starts_with("http://")) return "";
  const std::string_view host = url.substr(7);
  for (const std::string_view loopback : {"localhost", "127.", "[::1]"}) {
    if (host.starts_with(loopback)) return "";
  }
  return "the token travels unencrypted: use https://";
}

absl::StatusOr<Metadata> MetadataOf(const Options& options) {
  Metadata metadata;
  for (const std::string& header : options.headers) {
    const size_t colon = header.find(':');
    if (colon == std::string::npos || colon == 0) {
      return absl::InvalidArgumentError(absl::StrCat("-H is 'KEY: VALUE', not '", header, "'"));
    }
    metadata.Add(header.substr(0, colon),
                 StdView(absl::StripAsciiWhitespace(header.substr(colon + 1))));
  }
  RUNNEL_RETURN_IF_ERROR(metadata.Validate());
  return metadata;
}

TlsClientOptions TlsOf(const Options& options) {
  TlsClientOptions tls;
  tls.ca_file = options.ca;
  tls.certificate_file = options.cert;
  tls.key_file = options.key;
  tls.server_name = options.server_name;
  return tls;
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const Options& options,
                                                             std::string url, Codec codec) {
  RUNNEL_RETURN_IF_ERROR(ParseHttpUrl(url).status());
  RUNNEL_ASSIGN_OR_RETURN(Metadata metadata, MetadataOf(options));
  RUNNEL_ASSIGN_OR_RETURN(Metadata credentials, CredentialsOf(options));
  std::unique_ptr<Connection> connection(new Connection(std::move(url)));
  connection->call_options_.metadata = std::move(metadata);
  connection->call_options_.timeout = options.timeout;
  connection->call_options_.wait_for_ready = options.wait;

  ChannelOptions channel;
  channel.codec = codec;
  channel.limits.max_message_bytes = kMaxMessageBytes;
  channel.tls = TlsOf(options);
  if (options.direct) channel.route = Route::kDirect;
  if (options.channel) channel.route = Route::kSession;
  if (options.connect) channel.protocol = Protocol::kConnect;
  if (!credentials.empty()) {
    // Read anew for every request: a file may be renewed while a stream lasts.
    channel.credentials = [options] { return CredentialsOf(options); };
  }
  connection->channel_ =
      Channel::Connect(connection->io_.executor(), connection->url_, std::move(channel));
  return connection;
}

}  // namespace runnel::cli
