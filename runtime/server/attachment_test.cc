#include "runtime/server/attachment.h"

#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/core/status_details.h"
#include "runtime/testing/manual_clock.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

class AttachmentTest : public testing::Test, private Attachment::Listener {
 protected:
  uint64_t Begin(uint64_t attempt, absl::Duration max = absl::ZeroDuration()) {
    absl::StatusOr<uint64_t> stream = attachment_.Begin(attempt, max);
    EXPECT_TRUE(stream.ok()) << stream.status();
    return stream.value_or(0);
  }

  std::string Refusal(uint64_t attempt) {
    absl::Status refused = attachment_.Begin(attempt, absl::ZeroDuration()).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kAborted) << refused;
    return ReasonOf(refused);
  }

  // In steps, so that timers which are armed on the way come due.
  void Advance(absl::Duration duration) {
    for (absl::Duration step = absl::Seconds(1); duration > absl::ZeroDuration();
         duration -= step) {
      clock_.Advance(std::min(step, duration));
      context_.restart();
      context_.poll();
    }
  }

  ManualClock clock_;
  asio::io_context context_{1};
  std::vector<std::string> seen_;
  Attachment attachment_{clock_, context_.get_executor(), SessionTimes(), *this};

 private:
  void OnPingDue() override { seen_.push_back("ping"); }
  void OnStreamChange() override {}
  void OnAttached(bool attached) override { seen_.push_back(attached ? "here" : "gone"); }
  void OnAway(const std::string& why) override { seen_.push_back("away: " + why); }
};

TEST_F(AttachmentTest, NewerStreamTakesOver) {
  const uint64_t first = Begin(0);
  const uint64_t second = Begin(1);
  EXPECT_FALSE(attachment_.IsCurrent(first));
  EXPECT_TRUE(attachment_.IsCurrent(second));
  attachment_.End(first);  // what has been taken over says nothing any more
  EXPECT_TRUE(attachment_.IsCurrent(second));
  EXPECT_THAT(seen_, testing::ElementsAre("here"));
}

TEST_F(AttachmentTest, LateCopyOfAttachIsRefusedAndEvictsNobody) {
  Begin(0);
  const uint64_t live = Begin(2);
  EXPECT_EQ(Refusal(2), "SUPERSEDED");
  EXPECT_EQ(Refusal(1), "SUPERSEDED");
  EXPECT_TRUE(attachment_.IsCurrent(live));
}

TEST_F(AttachmentTest, OpenMayComeAgainUntilTheClientIsHeard) {
  Begin(0);
  const uint64_t repeated = Begin(0);
  EXPECT_TRUE(attachment_.IsCurrent(repeated));
  attachment_.Heard();
  EXPECT_EQ(Refusal(0), "SUPERSEDED");
  EXPECT_TRUE(attachment_.IsCurrent(repeated));
}

TEST_F(AttachmentTest, OpenIsLateAfterAnAttach) {
  Begin(0);
  Begin(1);
  EXPECT_EQ(Refusal(0), "SUPERSEDED");
}

TEST_F(AttachmentTest, SilentClientIsPingedOnceAndThenTakenForGone) {
  const uint64_t stream = Begin(1);
  Advance(absl::Seconds(29));
  EXPECT_THAT(seen_, testing::ElementsAre("here"));
  Advance(absl::Seconds(1));
  EXPECT_THAT(seen_, testing::ElementsAre("here", "ping"));
  Advance(absl::Seconds(59));
  EXPECT_TRUE(attachment_.IsCurrent(stream));
  Advance(absl::Seconds(1));
  EXPECT_THAT(seen_, testing::ElementsAre("here", "ping", "gone"));
  EXPECT_FALSE(attachment_.IsCurrent(stream));
}

TEST_F(AttachmentTest, ClientThatIsHeardKeepsItsLease) {
  const uint64_t stream = Begin(1);
  for (int minute = 0; minute < 10; ++minute) {
    Advance(absl::Seconds(60));
    attachment_.Heard();
  }
  EXPECT_TRUE(attachment_.IsCurrent(stream));
  EXPECT_EQ(std::count(seen_.begin(), seen_.end(), "ping"), 10);
}

TEST_F(AttachmentTest, ClientThatStaysAwayIsGivenUpAfterTheResumeWindow) {
  attachment_.End(Begin(1));
  Advance(absl::Seconds(119));
  EXPECT_THAT(seen_, testing::ElementsAre("here", "gone"));
  Advance(absl::Seconds(1));
  ASSERT_EQ(seen_.size(), 3u);
  EXPECT_THAT(seen_[2], testing::HasSubstr("longer than 2m"));
}

TEST_F(AttachmentTest, ClientThatComesBackInTimeIsNotGivenUp) {
  attachment_.End(Begin(1));
  Advance(absl::Seconds(100));
  Begin(2);
  Advance(absl::Seconds(25));
  EXPECT_THAT(seen_, testing::ElementsAre("here", "gone", "here"));
}

TEST_F(AttachmentTest, StreamsRotateAtTenMinutesGiveOrTakeAFifth) {
  absl::Time earliest = absl::InfiniteFuture();
  absl::Time latest = absl::InfinitePast();
  for (uint64_t attempt = 1; attempt <= 200; ++attempt) {
    Begin(attempt);
    earliest = std::min(earliest, attachment_.ends_at());
    latest = std::max(latest, attachment_.ends_at());
  }
  EXPECT_GE(earliest, clock_.Now() + absl::Minutes(8));
  EXPECT_LE(latest, clock_.Now() + absl::Minutes(12));
  EXPECT_GT(latest - earliest, absl::Minutes(2));
}

TEST_F(AttachmentTest, BoundedStreamEndsWhenItsClientWants) {
  Begin(1, absl::Seconds(7));
  EXPECT_TRUE(attachment_.bounded());
  EXPECT_EQ(attachment_.ends_at(), clock_.Now() + absl::Seconds(7));
  Begin(2);
  EXPECT_FALSE(attachment_.bounded());
}

}  // namespace
}  // namespace runnel
