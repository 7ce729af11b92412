#include "runtime/client/server_list.h"

#include <algorithm>
#include <utility>

#include "runtime/client/direct_attempt.h"
#include "runtime/client/envelope_attempt.h"
#include "runtime/client/session_attempt.h"
#include "runtime/core/status_macros.h"

namespace runnel {
namespace {

// A session that has been without its server for so long takes no more calls, where there are other
// servers.
constexpr absl::Duration kFailover = absl::Seconds(1);

}  // namespace

ServerList::ServerList(Options options) : options_(std::move(options)) {
  for (const std::shared_ptr<HttpClient>& http : options_.servers) {
    Server server;
    server.http = http;
    servers_.push_back(std::move(server));
  }
}

bool ServerList::IsWell(const Server& server) const {
  const absl::Time now = options_.direct.clock->Now();
  if (server.not_before > now) return false;
  const ClientSession* session = server.session.get();
  if (session == nullptr || !session->over().ok()) return true;
  if (session->draining()) return session->retry_at() <= now;
  return session->resuming_since() > now - kFailover;
}

std::optional<size_t> ServerList::Choose(const std::set<size_t>& tried) {
  std::optional<size_t> unwell;
  for (size_t i = 0; i < servers_.size(); ++i) {
    const size_t server = (preferred_ + i) % servers_.size();
    if (tried.contains(server)) continue;
    if (IsWell(servers_[server])) {
      preferred_ = server;
      return server;
    }
    if (!unwell) unwell = server;
  }
  return unwell;
}

absl::StatusOr<std::shared_ptr<CallAttempt>> ServerList::Start(size_t server,
                                                               const MethodInfo& method,
                                                               Route route,
                                                               AttemptOptions options) {
  if (closed_) return absl::CancelledError("the channel was closed");
  Server& chosen = servers_[server];
  if (route == Route::kSession) {
    return std::make_shared<SessionAttempt>(SessionOf(chosen), method, std::move(options),
                                            *options_.direct.clock);
  }
  HttpHeaders headers;
  if (options_.credentials) {
    RUNNEL_ASSIGN_OR_RETURN(const Metadata credentials, options_.credentials());
    for (const auto& [key, value] : credentials) headers.Add(key, value);
  }
  const DirectOptions& direct = options_.direct;
  if (method.client_streams() ||
      (method.server_streams() && direct.protocol == Protocol::kConnect)) {
    return std::make_shared<EnvelopeAttempt>(options_.executor, chosen.http, method,
                                             std::move(options), std::move(headers), direct);
  }
  return std::make_shared<DirectAttempt>(chosen.http, method, std::move(options),
                                         std::move(headers), direct);
}

std::shared_ptr<ClientSession> ServerList::SessionOf(Server& server) {
  std::shared_ptr<ClientSession>& session = server.session;
  if (session != nullptr && session->over().ok() && !session->draining()) return session;
  ClientSession::Options options;
  options.executor = options_.executor;
  options.http = server.http;
  options.codec = options_.direct.codec;
  options.limits = options_.direct.limits;
  options.clock = options_.direct.clock;
  options.credentials = options_.credentials;
  options.on_status = [list = weak_from_this()](const ChannelStatus& status) {
    auto self = list.lock();
    if (self == nullptr) return;
    {
      std::lock_guard lock(self->mutex_);
      self->status_ = status;
    }
    if (self->options_.on_status) self->options_.on_status(status);
  };
  session = std::make_shared<ClientSession>(std::move(options));
  return session;
}

void ServerList::OnRefused(size_t server) {
  servers_[server].not_before = options_.direct.clock->Now() + servers_[server].backoff.Next();
}

void ServerList::OnAnswered(size_t server) {
  servers_[server].not_before = absl::InfinitePast();
  servers_[server].backoff.Reset();
}

absl::Time ServerList::NextTry() const {
  absl::Time next = absl::InfiniteFuture();
  for (const Server& server : servers_) {
    absl::Time well = server.not_before;
    if (server.session != nullptr && server.session->draining()) {
      well = std::max(well, server.session->retry_at());
    }
    next = std::min(next, well);
  }
  // Never at once, as what is tried again has just failed.
  return std::max(next, options_.direct.clock->Now() + absl::Milliseconds(10));
}

void ServerList::Close() {
  closed_ = true;
  for (Server& server : servers_) {
    if (server.session != nullptr) server.session->Close();
  }
}

ChannelStatus ServerList::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace runnel
