#include "runtime/server/server_session.h"

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/async/task_group.h"
#include "runtime/call/call_stream.h"
#include "runtime/server/method_registry.h"
#include "runtime/server/server_call.h"
#include "runtime/testing/manual_clock.h"

namespace runnel {
namespace {

class ServerSessionTest : public testing::Test {
 protected:
  std::shared_ptr<ServerSession> Create(CallGroup* calls = nullptr) {
    ServerSession::Options options;
    options.id = "0123456789abcdef0123456789abcdef";
    options.clock = &clock_;
    options.executor = home_.get_executor();
    options.blocking_executor = home_.get_executor();
    options.methods = &methods_;
    options.calls = calls != nullptr ? calls : &calls_;
    options.budget = budget_;
    options.client_session_window = 1 << 20;
    return ServerSession::Create(std::move(options));
  }

  ManualClock clock_;
  MethodRegistry methods_{{}};
  std::shared_ptr<SessionBudget> budget_ = std::make_shared<SessionBudget>(1 << 20);
  asio::io_context home_{1};
  CallGroup calls_{home_.get_executor(), 10};
};

// The connection that used it last may be of another loop than the session, and the budget is the
// session's loop's.
TEST_F(ServerSessionTest, IsDestroyedAtHomeWhoeverLetsGoOfItLast) {
  std::shared_ptr<ServerSession> session = Create();
  session->Send(Frame{0, PingFrame()});
  const int64_t held = budget_->held();
  ASSERT_GT(held, 0);
  session.reset();
  EXPECT_EQ(budget_->held(), held);
  home_.poll();
  EXPECT_EQ(budget_->held(), 0);
}

Awaitable<void> TakeEvent(std::shared_ptr<ServerSession> session, uint64_t stream) {
  const auto event = co_await session->NextEvent(stream);
  EXPECT_TRUE(event.ok() && *event);
}

class Listener final : public ServerObserver {
 public:
  void OnSession(const SessionEvent& event) override {
    changes.push_back(std::string(SessionChangeName(event.change)));
    replayed = event.replayed_events;
    end = event.end;
  }
  std::vector<std::string> changes;
  size_t replayed = 0;
  SessionEnd end = SessionEnd::kClosed;
};

TEST_F(ServerSessionTest, SaysWhatBecomesOfIt) {
  const auto listener = std::make_shared<Listener>();
  const auto telemetry = std::make_shared<LoopTelemetry>(0, ServerObservers{listener});
  CallGroup calls(home_.get_executor(), 10, telemetry);
  const auto stats = [&] {
    ServerStats now;
    telemetry->AddTo(now);
    return now.sessions;
  };
  std::shared_ptr<ServerSession> session = Create(&calls);
  ServerSession::AttachOptions attach;
  attach.opened = true;
  const absl::StatusOr<uint64_t> opened = session->Attach(attach);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(stats().attached, 1u);
  session->Send(Frame{0, PingFrame()});
  TaskGroup tasks(home_.get_executor());
  tasks.Spawn(TakeEvent(session, *opened));
  home_.poll();

  session->Detach(*opened);
  EXPECT_EQ(stats().attached, 0u);
  attach.opened = false;
  attach.attempt = 1;
  ASSERT_TRUE(session->Attach(attach).ok());
  EXPECT_EQ(listener->replayed, 1u);
  EXPECT_EQ(stats().replayed_events, 1u);
  EXPECT_EQ(stats().resumed, 1u);

  ASSERT_TRUE(session->Take(1, {Frame{0, PongFrame()}}).ok());
  ASSERT_TRUE(session->Take(1, {Frame{0, PongFrame()}}).ok());
  EXPECT_EQ(stats().duplicate_frames, 1u);

  clock_.Advance(SessionTimes().ping);
  home_.restart();
  home_.poll();
  clock_.Advance(SessionTimes().lease);
  home_.restart();
  home_.poll();
  EXPECT_EQ(stats().expired_leases, 1u);
  EXPECT_EQ(stats().attached, 0u);
  clock_.Advance(SessionTimes().resume_window);
  home_.restart();
  home_.poll();
  EXPECT_TRUE(session->ended());
  EXPECT_EQ(stats().ended[static_cast<size_t>(SessionEnd::kAway)], 1u);
  EXPECT_EQ(listener->end, SessionEnd::kAway);
  EXPECT_EQ(listener->changes, (std::vector<std::string>{"attached", "detached", "resumed",
                                                         "lease_expired", "detached", "ended"}));
}

Awaitable<void> WaitToSend(CallStream& stream, std::optional<absl::Status>& waited) {
  absl::Status status = co_await stream.WaitToSend();
  waited = std::move(status);
}

Awaitable<void> TakeEvents(ServerSession& session, uint64_t stream) {
  while (true) {
    const auto event = co_await session.NextEvent(stream);
    if (!event.ok() || !*event) co_return;
  }
}

// The window opens while the budget is used up, and then nothing more is acknowledged.
TEST_F(ServerSessionTest, LetsWritersGoOnThatWaitedForItsWindowAndThenForTheBudget) {
  std::shared_ptr<ServerSession> session = Create();
  const absl::StatusOr<uint64_t> stream = session->Attach(ServerSession::AttachOptions());
  ASSERT_TRUE(stream.ok()) << stream.status();
  session->Send(Frame{1, CallStream::WholeMessage(std::string(1 << 20, 'a'))});
  ASSERT_FALSE(session->HasRoom());
  constexpr int64_t kOthers = 4 << 20;
  budget_->Add(kOthers);
  CallStream writer(*session, 7, 100, 100);
  std::optional<absl::Status> waited;
  TaskGroup tasks(home_.get_executor());
  tasks.Spawn(WaitToSend(writer, waited));
  tasks.Spawn(TakeEvents(*session, *stream));
  home_.poll();
  ASSERT_TRUE(session->Receive(1, 1, {}).ok());
  home_.restart();
  home_.poll();
  EXPECT_FALSE(waited.has_value());
  budget_->Add(-kOthers);
  home_.restart();
  home_.poll();
  ASSERT_TRUE(waited.has_value());
  EXPECT_TRUE(waited->ok()) << *waited;
  tasks.Cancel();
  home_.restart();
  home_.poll();
}

}  // namespace
}  // namespace runnel
