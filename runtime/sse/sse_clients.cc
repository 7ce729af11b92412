#include "runtime/sse/sse_clients.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"
#include "runtime/http/peer_address.h"

namespace runnel {
namespace {

using StatePtr = std::shared_ptr<SseConnectionState>;
using Admission = SseConnectionState::Admission;

// Clients with one caller are counted together.
std::string CallerOf(const SseClientInfo& client) {
  if (!client.principal.empty()) return absl::StrCat("principal ", client.principal);
  const std::optional<asio::ip::address> address = AddressOfPeer(client.peer);
  return absl::StrCat("address ", address ? NetworkOf(*address) : client.peer);
}

SseAdmittance Foreign() { return SseAdmittance(403, "the client id is somebody else's"); }

}  // namespace

std::shared_ptr<SseClients> SseClients::Make(Executor executor, SseHandlerOptions options) {
  auto shared = std::make_shared<SseShared>(std::move(executor), std::move(options));
  auto clients = std::make_shared<SseClients>(shared);
  shared->on_end = [weak = std::weak_ptr(clients)](SseConnectionState& state) {
    if (const auto locked = weak.lock()) locked->OnEnd(state);
  };
  return clients;
}

Awaitable<SseAdmittance> SseClients::Open(std::shared_ptr<SseClients> self, SseClientInfo client,
                                          std::optional<std::string> last_event_id) {
  co_return self->OpenNow(std::move(client), std::move(last_event_id));
}

absl::Status SseClients::CheckRoom(const SseClientInfo& client,
                                   const SseConnectionState* earlier) const {
  const SseLimits& limits = shared_->options.limits;
  // A connection that the new one takes the place of is one no more.
  const bool replaces = earlier != nullptr && earlier->open() && !client.id.empty();
  const size_t replaced = replaces ? 1 : 0;
  const size_t all = shared_->open - replaced;
  if (all >= limits.max_clients) {
    return absl::ResourceExhaustedError(
        absl::StrCat("there are ", all, " clients; limit is SseLimits::max_clients"));
  }
  const std::string caller = CallerOf(client);
  const auto open = open_by_caller_.find(caller);
  const bool same = replaced > 0 && CallerOf(earlier->client()) == caller;
  const size_t own = open == open_by_caller_.end() ? 0 : open->second - (same ? 1 : 0);
  if (own >= limits.max_clients_per_caller) {
    return absl::ResourceExhaustedError(
        absl::StrCat(caller, " has ", own, " clients; limit is SseLimits::max_clients_per_caller"));
  }
  return absl::OkStatus();
}

SseAdmittance SseClients::OpenNow(SseClientInfo client, std::optional<std::string> last_event_id) {
  const SseHandlerOptions& options = shared_->options;
  if (shut_down_) return SseAdmittance(503, "the handler was shut down");
  Forget();
  const std::string id = client.id;
  if (id.size() > options.limits.max_client_id_bytes) {
    return SseAdmittance(400, absl::StrCat("the client id has ", id.size(),
                                           " bytes; limit is SseLimits::max_client_id_bytes = ",
                                           options.limits.max_client_id_bytes));
  }
  const auto found = by_id_.find(id);
  StatePtr state = found == by_id_.end() ? nullptr : found->second;
  if (state != nullptr && state->client().principal != client.principal) return Foreign();
  // Those without an id are not one client.
  const bool told = state != nullptr && state->told_to_close() && !id.empty();
  // Browsers stop at that.
  if (told && !state->TellAgain()) return SseAdmittance(204, "");
  const bool takes_over =
      options.keep_alive > absl::ZeroDuration() || options.ignore_disconnect > absl::ZeroDuration();
  if (!told && (state == nullptr || !state->open() || !takes_over)) {
    const absl::Status room = CheckRoom(client, state.get());
    if (!room.ok()) return SseAdmittance(503, std::string(StdView(room.message())));
    const StatePtr earlier = std::move(state);
    ++open_by_caller_[CallerOf(client)];
    state = std::make_shared<SseConnectionState>(shared_, std::move(client));
    by_id_[id] = state;
    if (earlier != nullptr && !id.empty()) state->TakeOver(*earlier);
    waiting_.push_back(std::make_unique<SseConnection>(state));
    arrived_.Notify();
  }
  SseAdmittance opened;
  opened.stream = state->BeginStream(last_event_id);
  opened.state = std::move(state);
  return opened;
}

Awaitable<SseAdmittance> SseClients::Admit(std::shared_ptr<SseClients> self, std::string id,
                                           std::string principal, uint64_t number, size_t bytes) {
  SseAdmittance admitted;
  self->Forget();
  Admission admission = Admission::kMoved;
  while (admission == Admission::kMoved) {
    const auto found = self->by_id_.find(id);
    if (found == self->by_id_.end()) co_return admitted;  // as Dart's handler, and its client
    const StatePtr state = found->second;
    if (state->client().principal != principal) co_return Foreign();
    admission = co_await state->Admit(number, bytes);
    if (admission == Admission::kRead) admitted.state = state;
  }
  if (admission == Admission::kRefuse) {
    admitted.status = 429;
    admitted.why = "the client is over a limit; its connection has ended";
  }
  co_return admitted;
}

Awaitable<absl::StatusOr<std::unique_ptr<SseConnection>>> SseClients::Accept(
    std::shared_ptr<SseClients> self) {
  while (self->waiting_.empty()) {
    if (self->shut_down_) co_return std::unique_ptr<SseConnection>();
    const absl::Status waited = co_await self->arrived_.Wait();
    if (!waited.ok() && self->waiting_.empty()) co_return waited;
  }
  std::unique_ptr<SseConnection> next = std::move(self->waiting_.front());
  self->waiting_.pop_front();
  co_return next;
}

void SseClients::Shutdown() {
  shut_down_ = true;
  const auto all = std::exchange(by_id_, {});
  remembered_.clear();
  for (const auto& [id, state] : all) state->Cut();
  waiting_.clear();
  arrived_.Notify();
}

void SseClients::OnEnd(const SseConnectionState& state) {
  const auto open = open_by_caller_.find(CallerOf(state.client()));
  if (open != open_by_caller_.end() && --open->second == 0) open_by_caller_.erase(open);
  const auto found = by_id_.find(state.client().id);
  if (found == by_id_.end() || found->second.get() != &state) return;  // it was replaced
  remembered_.emplace_back();
  remembered_.back().id = state.client().id;
  remembered_.back().state = found->second;
  remembered_.back().until = shared_->clock.Now() + shared_->options.remember;
}

void SseClients::Forget() {
  const SseLimits& limits = shared_->options.limits;
  while (!remembered_.empty() && (remembered_.size() > limits.max_remembered ||
                                  remembered_.front().until <= shared_->clock.Now() ||
                                  shared_->buffered.held() > limits.max_buffered_bytes / 2)) {
    const auto found = by_id_.find(remembered_.front().id);
    const StatePtr left = remembered_.front().state.lock();
    if (found != by_id_.end() && found->second == left) by_id_.erase(found);
    remembered_.pop_front();
  }
}

}  // namespace runnel
