#include "runtime/cluster/session_relay.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/async/interruptible.h"
#include "runtime/cluster/node_name.h"
#include "runtime/cluster/node_pass.h"
#include "runtime/core/status_details.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/http/not_sent.h"
#include "runtime/http/refused.h"

namespace runnel {
namespace {

constexpr absl::Duration kWatchInterval = absl::Seconds(1);
// A node that nobody has asked for anything for so long is met anew.
constexpr absl::Duration kForgetAfter = absl::Minutes(10);
constexpr size_t kFewExchanges = 16;

// What the owner reads of a request. Credentials stay here: who calls is known.
constexpr std::array<std::string_view, 6> kPassedOn = {
    "accept", "content-type", "last-event-id", "runnel-session", "runnel-duplex", "traceparent"};

HttpRequest ForOwner(HttpRequest received) {
  HttpRequest request;
  request.method = std::move(received.method);
  request.target = std::move(received.target);
  for (std::string_view name : kPassedOn) {
    const std::optional<std::string_view> value = received.headers.Get(name);
    if (value) request.headers.Add(name, *value);
  }
  request.body = std::move(received.body);
  return request;
}

absl::Status Unreachable(const std::string& owner, std::string_view why) {
  // Without a reason: clients repeat what nobody can say more about.
  return absl::UnavailableError(
      absl::StrCat("node ", owner, ", which has the session, cannot be reached: ", AbslView(why)));
}

}  // namespace

// A request that was passed on, until its response has been read, or nobody wants it any more.
class SessionRelay::Exchange {
 public:
  enum class End { kNone, kCut, kTooLate };

  template <typename T>
  Awaitable<T> Await(Awaitable<T> operation) {
    return interruptible_.Await(std::move(operation));
  }
  void Cut(End end) {
    if (end_ == End::kNone) end_ = end;
    interruptible_.Interrupt();
  }
  End end() const { return end_; }

 private:
  Interruptible interruptible_;
  End end_ = End::kNone;
};

class SessionRelay::PassedBody final : public HttpBody {
 public:
  PassedBody(std::shared_ptr<Exchange> exchange, std::unique_ptr<HttpBody> body)
      : exchange_(std::move(exchange)), body_(std::move(body)) {}

  Awaitable<Piece> Read() override {
    if (exchange_->end() != Exchange::End::kNone) co_return Gone();
    Piece piece = co_await exchange_->Await(body_->Read());
    const bool cut = !piece.ok() && exchange_->end() != Exchange::End::kNone;
    if (cut) co_return Gone();
    co_return piece;
  }
  std::optional<Piece> TryRead() override { return body_->TryRead(); }
  std::optional<std::string_view> TryReadAll(uint64_t max_bytes) override {
    return body_->TryReadAll(max_bytes);
  }
  std::optional<uint64_t> size() const override { return body_->size(); }
  bool ended() const override { return body_->ended(); }
  bool whole() const override { return body_->whole(); }

 private:
  static absl::Status Gone() {
    return absl::UnavailableError("the lease of the node that has the session is gone");
  }

  const std::shared_ptr<Exchange> exchange_;
  const std::unique_ptr<HttpBody> body_;
};

SessionRelay::SessionRelay(const ClusterNode& node, Executor executor, Clock& clock)
    : node_(node), executor_(std::move(executor)), clock_(clock) {}

SessionRelay::~SessionRelay() = default;

void SessionRelay::Watch() {
  const absl::Time now = clock_.Now();
  for (auto peer = peers_.begin(); peer != peers_.end();) {
    const bool leased = node_.registry->Remembered(peer->first).lease != NodePlace::Lease::kGone;
    const bool lost = std::exchange(peer->second.leased, leased) && !leased;
    bool used = false;
    for (const auto& weak : peer->second.exchanges) {
      const std::shared_ptr<Exchange> exchange = weak.lock();
      if (exchange == nullptr) continue;
      used = true;
      // It may live and be unable to renew: who asks again finds out.
      if (lost) exchange->Cut(Exchange::End::kCut);
    }
    if (used) peer->second.used = now;
    if (peer->second.used + kForgetAfter < now) {
      peers_.erase(peer++);
    } else {
      ++peer;
    }
  }
  watch_.reset();
  if (!peers_.empty()) {
    watch_ = clock_.CallAfter(executor_, kWatchInterval, [this] { Watch(); });
  }
}

std::shared_ptr<SessionRelay::Exchange> SessionRelay::NewExchange(const std::string& owner) {
  Peer& peer = peers_[owner];
  peer.used = clock_.Now();
  if (peer.exchanges.size() >= peer.sweep_at) {
    std::erase_if(peer.exchanges, [](const auto& exchange) { return exchange.expired(); });
    peer.sweep_at = std::max(2 * peer.exchanges.size(), kFewExchanges);
  }
  auto exchange = std::make_shared<Exchange>();
  peer.exchanges.push_back(exchange);
  if (watch_ == nullptr) {
    watch_ = clock_.CallAfter(executor_, kWatchInterval, [this] { Watch(); });
  }
  return exchange;
}

std::string_view SessionRelay::OwnerElsewhere(const HttpHeaders& headers) const {
  const std::string_view owner = NodeOfSession(headers.Get("runnel-session").value_or(""));
  return owner == node_.name ? std::string_view() : owner;
}

absl::Status SessionRelay::Lost(const std::string& owner, std::string_view why) {
  peers_.erase(owner);
  return WithErrorInfo(
      absl::UnavailableError(
          absl::StrCat("session lost: node ", owner, ", which had it, is gone: ", AbslView(why))),
      {.reason = "SESSION_LOST", .domain = "runnel", .metadata = {}});
}

absl::StatusOr<std::shared_ptr<HttpClient>> SessionRelay::ClientOf(const std::string& owner,
                                                                   const std::string& url) {
  Peer& peer = peers_[owner];
  if (peer.client == nullptr || peer.url != url) {
    RUNNEL_ASSIGN_OR_RETURN(peer.client, node_.connect(executor_, url));
    peer.url = url;
  }
  return peer.client;
}

Awaitable<absl::Status> SessionRelay::WhatOf(std::string owner, absl::Status failure) {
  const bool refused = IsRefused(failure);
  TakeNotSent(failure);
  // Its address is its own as long as it lives.
  if (refused) co_return Lost(owner, StdView(failure.message()));
  const NodePlace place = co_await node_.registry->Find(owner);
  if (place.lease == NodePlace::Lease::kGone) co_return Lost(owner, StdView(failure.message()));
  co_return Unreachable(owner, StdView(failure.message()));
}

Awaitable<absl::StatusOr<HttpResponse>> SessionRelay::Pass(std::string owner, std::string principal,
                                                           HttpRequest request) {
  const NodePlace place = co_await node_.registry->Find(owner);
  if (place.url.empty()) {
    if (place.lease == NodePlace::Lease::kGone) co_return Lost(owner, "nobody knows of it");
    co_return Unreachable(owner, "the registry of nodes does not answer");
  }
  absl::StatusOr<std::shared_ptr<HttpClient>> client = ClientOf(owner, place.url);
  if (!client.ok()) co_return Unreachable(owner, StdView(client.status().message()));

  NodePass pass;
  pass.to = owner;
  pass.from = node_.name;
  pass.principal = std::move(principal);
  pass.peer = std::move(request.peer);
  HttpRequest passed = ForOwner(std::move(request));
  AttachNodePass(pass, node_.secret, clock_.Now(), passed);
  const std::shared_ptr<HttpClient> http = *std::move(client);
  const std::shared_ptr<Exchange> exchange = NewExchange(owner);
  std::unique_ptr<Timer> patience;
  if (place.lease == NodePlace::Lease::kGone) {
    patience = clock_.CallAfter(executor_, node_.patience,
                                [exchange] { exchange->Cut(Exchange::End::kTooLate); });
  }
  absl::StatusOr<HttpResponse> response = co_await exchange->Await(http->Send(std::move(passed)));
  patience.reset();
  if (!response.ok()) {
    absl::Status failure = std::move(response).status();
    if (exchange->end() == Exchange::End::kTooLate) {
      co_return Lost(owner, absl::StrCat("its lease is gone, and it did not answer within ",
                                         absl::FormatDuration(node_.patience)));
    }
    if (exchange->end() == Exchange::End::kCut) co_return Unreachable(owner, "its lease is gone");
    // Of a request that has left nothing is known, but where the lease says that it went nowhere.
    const bool went_nowhere = IsNotSent(failure) || place.lease == NodePlace::Lease::kGone;
    if (went_nowhere) co_return co_await WhatOf(owner, std::move(failure));
    co_return Unreachable(owner, StdView(failure.message()));
  }
  const std::string answered(response->headers.Get(kNodeHeader).value_or(""));
  if (answered.empty()) {
    co_return co_await WhatOf(
        owner, absl::UnavailableError(absl::StrCat(place.url, " answered ", response->status,
                                                   ", not as a node does")));
  }
  if (answered != owner) {
    co_return Lost(owner, absl::StrCat("node ", answered, " is in its place"));
  }
  if (response->status == 401) {
    co_return Unreachable(owner,
                          "it takes our requests for somebody else's: do both nodes have "
                          "the same secret, and the right time?");
  }
  for (std::string_view name : {"connection", "keep-alive", "date"}) response->headers.Remove(name);
  response->headers.Remove(kNodeHeader);
  if (response->body != nullptr) {
    response->body = std::make_unique<PassedBody>(exchange, std::move(response->body));
  }
  co_return response;
}

}  // namespace runnel
