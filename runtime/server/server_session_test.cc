#include "runtime/server/server_session.h"

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "runtime/server/method_registry.h"
#include "runtime/server/server_call.h"
#include "runtime/testing/manual_clock.h"

namespace runnel {
namespace {

class ServerSessionTest : public testing::Test {
 protected:
  std::shared_ptr<ServerSession> Create() {
    ServerSession::Options options;
    options.id = "0123456789abcdef0123456789abcdef";
    options.clock = &clock_;
    options.executor = home_.get_executor();
    options.blocking_executor = home_.get_executor();
    options.methods = &methods_;
    options.calls = &calls_;
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

}  // namespace
}  // namespace runnel
