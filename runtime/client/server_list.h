// ServerList holds the servers of a channel, in order of preference, with what is known of each,
// and makes attempts at calls there.

#ifndef RUNNEL_RUNTIME_CLIENT_SERVER_LIST_H_
#define RUNNEL_RUNTIME_CLIENT_SERVER_LIST_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/clock.h"
#include "runtime/client/backoff.h"
#include "runtime/client/call_attempt.h"
#include "runtime/client/call_options.h"
#include "runtime/client/channel_state.h"
#include "runtime/client/client_session.h"
#include "runtime/client/credentials.h"
#include "runtime/client/direct_options.h"
#include "runtime/core/method_info.h"
#include "runtime/http/http_message.h"

namespace runnel {

// Lives on its channel's loop, except that `status` may be asked anywhere. Owned by the channel and
// by its calls.
class ServerList : public std::enable_shared_from_this<ServerList> {
 public:
  struct Options {
    Executor executor;
    std::vector<std::shared_ptr<HttpClient>> servers;  // the most preferred first; at least one
    DirectOptions direct;  // its codec, limits and clock are those of sessions too
    Credentials credentials;
    std::function<void(const ChannelStatus&)> on_status;
  };

  explicit ServerList(Options options);

  // Where to make the next attempt of a call that has been tried at `tried`: a server that seems
  // well, else one that does not; nullopt when all have been tried.
  std::optional<size_t> Choose(const std::set<size_t>& tried);
  // An attempt there. CANCELLED when the channel has been closed.
  absl::StatusOr<std::shared_ptr<CallAttempt>> Start(size_t server, const MethodInfo& method,
                                                     Route route, AttemptOptions options);

  // What has become of an attempt: the server could not be asked, or wanted no call; or it has
  // answered.
  void OnRefused(size_t server);
  void OnAnswered(size_t server);
  // When the next server may be well again.
  absl::Time NextTry() const;

  // Ends the sessions, and with them every call. No attempt starts any more.
  void Close();

  // Of the newest session. Thread-safe.
  ChannelStatus status() const;

 private:
  struct Server {
    std::shared_ptr<HttpClient> http;
    std::shared_ptr<ClientSession> session;  // the newest
    absl::Time not_before = absl::InfinitePast();
    Backoff backoff;
  };

  bool IsWell(const Server& server) const;
  std::shared_ptr<ClientSession> SessionOf(Server& server);

  const Options options_;
  std::vector<Server> servers_;
  size_t preferred_ = 0;
  bool closed_ = false;
  mutable std::mutex mutex_;
  ChannelStatus status_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_SERVER_LIST_H_
