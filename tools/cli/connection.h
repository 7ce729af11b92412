// Connection is the way to the server that the command line names.

#ifndef TOOLS_CLI_CONNECTION_H_
#define TOOLS_CLI_CONNECTION_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "runtime/async/io_thread.h"
#include "runtime/client/channel.h"
#include "runtime/core/codec.h"
#include "tools/cli/options.h"

namespace runnel::cli {

// The token that options or the environment name, if they do; NOT_FOUND when it cannot be read.
absl::StatusOr<std::optional<std::string>> BearerToken(const Options& options);
// Metadata of `headers` ("key: value"). INVALID_ARGUMENT names what cannot be sent.
absl::StatusOr<Metadata> MetadataOf(const Options& options);
TlsClientOptions TlsOf(const Options& options);
// What a person ought to know of a token that would travel unencrypted; empty: nothing.
std::string TokenWarning(const Options& options, std::string_view url);

// A channel and what runs it. Destroying it ends the channel's session.
class Connection {
 public:
  // Does not connect yet. INVALID_ARGUMENT and NOT_FOUND say what is wrong with the options.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const Options& options, std::string url,
                                                          Codec codec);

  const std::string& url() const { return url_; }
  IoThread& io() { return io_; }
  const std::shared_ptr<Channel>& channel() const { return channel_; }
  // Of calls by this connection, in everything that options say of them.
  const CallOptions& call_options() const { return call_options_; }

 private:
  explicit Connection(std::string url) : url_(std::move(url)) {}

  const std::string url_;
  IoThread io_;
  CallOptions call_options_;
  std::shared_ptr<Channel> channel_;
};

}  // namespace runnel::cli

#endif  // TOOLS_CLI_CONNECTION_H_
