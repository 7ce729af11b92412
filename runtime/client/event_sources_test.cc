#include "runtime/client/event_sources.h"

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "runtime/async/io_thread.h"
#include "runtime/client/event_source_test_fixture.h"
#include "runtime/client/scripted_http.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using scripted::Answer;
using scripted::Failure;
using scripted::Step;
using scripted::Stream;
using scripted::Strings;
using scripted::Then;

// The states of sources as texts: "waiting 3s: UNAVAILABLE".
std::string TextOf(const EventSourceStatus& status) {
  switch (status.state) {
    case EventSourceState::kConnecting:
      return "connecting";
    case EventSourceState::kOpen:
      return "open";
    case EventSourceState::kWaiting:
      return absl::StrCat("waiting ", absl::FormatDuration(status.delay), ": ",
                          absl::StatusCodeToString(status.reason.code()));
    case EventSourceState::kClosed:
      return absl::StrCat("closed: ", absl::StatusCodeToString(status.reason.code()));
  }
  return "";
}

class EventSourcesTest : public EventSourceTest {
 protected:
  // Callbacks that are still to come write into `changes_`.
  ~EventSourcesTest() override {
    sources_.reset();
    Poll();
  }

  std::shared_ptr<EventSource> Connect(const std::string& name, std::vector<Step> steps = {}) {
    for (Step& step : steps) script_->steps.push_back(std::move(step));
    auto source = sources_->Connect(name, "http://host/" + name, options_);
    return *std::move(source);
  }

  using Slot = std::shared_ptr<std::optional<ReadResult>>;
  Slot Start(EventSource& source) {
    auto result = std::make_shared<std::optional<ReadResult>>();
    tasks_.Spawn(KeepIn(source.Read(), result));
    Poll();
    return result;
  }
  static Awaitable<void> KeepIn(Awaitable<ReadResult> read, Slot result) {
    result->emplace(co_await std::move(read));
  }
  std::string ReadFrom(EventSource& source) { return ResultOf(Start(source)); }
  static std::string ResultOf(const Slot& slot) { return *slot ? Text(**slot) : "(waits)"; }

  Strings changes_;
  std::unique_ptr<EventSources> sources_ = std::make_unique<EventSources>(
      context_.get_executor(), [this](const std::string& name, const EventSourceStatus& status) {
        changes_.push_back(absl::StrCat(name, " ", TextOf(status)));
      });
};

TEST_F(EventSourcesTest, FindsConnectionsByTheirNames) {
  const auto a = Connect("a");
  const auto b = Connect("b");
  EXPECT_EQ(sources_->Find("a"), a);
  EXPECT_EQ(sources_->Find("b"), b);
  EXPECT_EQ(sources_->Find("c"), nullptr);
  EXPECT_EQ(sources_->names(), (Strings{"a", "b"}));
}

TEST_F(EventSourcesTest, GivesANameThatIsInUseToNobodyElse) {
  const auto a = Connect("a");
  EXPECT_THAT(sources_->Connect("a", "http://host/other", options_),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(sources_->Find("a"), a);
}

TEST_F(EventSourcesTest, SaysWhatIsWrongWithAUrl) {
  EXPECT_THAT(sources_->Connect("a", "nowhere", options_),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(sources_->names(), Strings{});
}

TEST_F(EventSourcesTest, ANameIsFreeWhenItsStreamHasEnded) {
  options_.end_of_body = EndOfBody::kClose;
  const auto first = Connect("a", {Stream({"data: 1\n\n"}, Then::kEnd)});
  EXPECT_EQ(ReadFrom(*first), "message 1 ");
  EXPECT_EQ(ReadFrom(*first), "(no more)");
  EXPECT_EQ(sources_->Find("a"), nullptr);
  const auto second = Connect("a", {Answer(404)});
  EXPECT_EQ(ReadFrom(*second), "UNIMPLEMENTED");
  EXPECT_EQ(second->status().reason.code(), absl::StatusCode::kUnimplemented);
  const auto third = Connect("a", {Stream({"data: 3\n\n"}, Then::kEnd)});
  EXPECT_EQ(ReadFrom(*third), "message 3 ");
  EXPECT_EQ(ReadFrom(*first), "(no more)");
}

TEST_F(EventSourcesTest, ClosesOneWhileItIsRead) {
  const auto a = Connect("a", {Stream({})});
  const Slot a_read = Start(*a);
  const auto b = Connect("b", {Stream({"data: 1\n\n", "data: 2\n\n"})});
  EXPECT_EQ(ReadFrom(*b), "message 1 ");
  EXPECT_TRUE(sources_->Close("a"));
  const auto next = Connect("a");  // at once
  EXPECT_NE(next, a);
  Poll();
  EXPECT_EQ(ResultOf(a_read), "CANCELLED");
  EXPECT_EQ(ReadFrom(*b), "message 2 ");
  EXPECT_FALSE(sources_->Close("c"));
}

TEST_F(EventSourcesTest, ClosesAll) {
  const auto a = Connect("a", {Stream({}), Stream({})});
  const auto b = Connect("b");
  const Slot a_read = Start(*a);
  const Slot b_read = Start(*b);
  sources_->CloseAll();
  EXPECT_EQ(sources_->names(), Strings{});
  Poll();
  EXPECT_EQ(ResultOf(a_read), "CANCELLED");
  EXPECT_EQ(ResultOf(b_read), "CANCELLED");
}

TEST_F(EventSourcesTest, DestructionClosesAll) {
  const auto a = Connect("a", {Stream({})});
  const Slot read = Start(*a);
  sources_.reset();
  Poll();
  EXPECT_EQ(ResultOf(read), "CANCELLED");
}

TEST_F(EventSourcesTest, TellsWhatBecomesOfEach) {
  const auto a = Connect("a", {Failure(kRefused), Stream({"data: 1\n\n"})});
  const Slot a_read = Start(*a);
  EXPECT_EQ(changes_, (Strings{"a connecting", "a waiting 3s: UNAVAILABLE"}));
  changes_.clear();
  const auto b = Connect("b", {});
  script_->steps.push_front(Answer(403));
  EXPECT_EQ(ReadFrom(*b), "PERMISSION_DENIED");
  EXPECT_EQ(changes_, (Strings{"b connecting", "b closed: PERMISSION_DENIED"}));
  changes_.clear();
  After(absl::Seconds(3));
  EXPECT_EQ(ResultOf(a_read), "message 1 ");
  sources_->Close("a");
  Poll();
  EXPECT_EQ(changes_, (Strings{"a connecting", "a open", "a closed: CANCELLED"}));
}

TEST_F(EventSourcesTest, TellsEachConnectionOfItsOwnToo) {
  Strings own;
  options_.on_status = [&own](const EventSourceStatus& status) { own.push_back(TextOf(status)); };
  const auto a = Connect("a", {Answer(204)});
  EXPECT_EQ(ReadFrom(*a), "(no more)");
  EXPECT_EQ(own, (Strings{"connecting", "closed: OK"}));
  EXPECT_EQ(changes_, (Strings{"a connecting", "a closed: OK"}));
}

// Within a callback, anything may be called.
TEST_F(EventSourcesTest, ClosesWithinACallback) {
  options_.on_status = [this](const EventSourceStatus& status) {
    if (status.state == EventSourceState::kWaiting) sources_->Close("a");
  };
  const auto a = Connect("a", {Failure(kRefused)});
  EXPECT_EQ(ReadFrom(*a), "CANCELLED");
  EXPECT_EQ(changes_.back(), "a closed: CANCELLED");
}

TEST(EventSourcesThreadsTest, AreUsedByManyAtOnce) {
  IoThread io;
  EventSources sources(io.executor(), [](const std::string&, const EventSourceStatus&) {});
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&sources] {
      for (int k = 0; k < 50; ++k) {
        const std::string name = absl::StrCat(k % 5);
        const auto connected = sources.Connect(name, "http://host/" + name);
        EXPECT_TRUE(connected.ok() || absl::IsAlreadyExists(connected.status()));
        sources.Find(name);
        sources.names();
        sources.Close(name);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sources.names(), Strings{});
}

}  // namespace
}  // namespace runnel
