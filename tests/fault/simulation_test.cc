#include "tests/fault/simulation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace fault {
namespace {

using runnel::CallKind;
using runnel::Codec;

// One call of each kind, its messages 300 ms apart, for some four seconds.
Traffic Talk(Codec codec) {
  Traffic traffic;
  traffic.codec = codec;
  for (CallKind kind :
       {CallKind::kUnary, CallKind::kServerStream, CallKind::kClientStream, CallKind::kBidi}) {
    CallPlan call;
    call.kind = kind;
    const bool up = kind == CallKind::kClientStream || kind == CallKind::kBidi;
    const bool down = kind == CallKind::kServerStream || kind == CallKind::kBidi;
    call.up.assign(up ? 12 : 1, 100);
    call.down.assign(down ? 12 : 1, 100);
    call.pause_up = absl::Milliseconds(300);
    call.pause_down = absl::Milliseconds(up ? 0 : 300);
    traffic.calls.push_back(call);
  }
  return traffic;
}

Schedule Of(const std::string& text) {
  absl::StatusOr<Schedule> schedule = Schedule::Parse(text);
  EXPECT_TRUE(schedule.ok()) << schedule.status();
  return *std::move(schedule);
}

class SimulationTest : public ::testing::TestWithParam<Codec> {
 protected:
  void Expect(const std::string& faults, Class expected) {
    result_ = Simulate(Talk(GetParam()), Of(faults), 1);
    EXPECT_EQ(NameOf(result_.verdict.result), NameOf(expected))
        << faults << ": " << result_.verdict.why;
  }

  Simulated result_;
};

TEST_P(SimulationTest, WithoutFaultsAllIsAsPlanned) { Expect("", Class::kIdentical); }

TEST_P(SimulationTest, TakesItsOwnTime) {
  Expect("", Class::kIdentical);
  EXPECT_GT(result_.lasted, absl::Seconds(3));
  EXPECT_LT(result_.lasted, absl::Seconds(5));
}

TEST_P(SimulationTest, SurvivesCutRequests) {
  for (int exchange : {2, 3, 7, 12}) {
    for (int bytes : {0, 1, 40}) {
      Expect(absl::StrCat("cut-request n=", exchange, " bytes=", bytes), Class::kIdentical);
    }
  }
}

TEST_P(SimulationTest, SurvivesCutReplies) {
  for (int exchange : {2, 3, 7, 12}) {
    for (int bytes : {0, 1, 40, 700}) {
      Expect(absl::StrCat("cut-reply n=", exchange, " bytes=", bytes), Class::kIdentical);
    }
  }
  for (int bytes : {1, 40, 700, 5000}) {
    Expect(absl::StrCat("cut-reply n=1 bytes=", bytes), Class::kIdentical);
  }
}

TEST_P(SimulationTest, SurvivesLostConnections) {
  Expect("cut-all at=500ms; cut-all at=900ms; cut-all at=1s; cut-all at=3s", Class::kIdentical);
}

TEST_P(SimulationTest, SurvivesCopies) {
  Expect("double n=2 for=0; double n=3 for=10ms; double n=5 for=2s; double n=6 for=700ms",
         Class::kIdentical);
}

TEST_P(SimulationTest, SurvivesRequestsThatArriveLate) {
  Expect("late n=2 for=0; late n=3 for=50ms; late n=5 for=3s; hold n=6 for=1s", Class::kIdentical);
}

TEST_P(SimulationTest, SurvivesSlowConnections) {
  Expect("latency for=120ms; delay n=1 for=90ms; delay n=4 for=2s", Class::kIdentical);
}

TEST_P(SimulationTest, SurvivesProxiesThatCutResponses) {
  Expect("cutter for=2s", Class::kIdentical);
  Expect("cutter for=15s", Class::kIdentical);
}

TEST_P(SimulationTest, SurvivesProxiesThatFail) {
  Expect("gateway n=2; gateway n=3; gateway-after n=5; gateway-while at=2s for=3s",
         Class::kIdentical);
}

TEST_P(SimulationTest, SurvivesAServerThatIsAwayForAWhile) {
  Expect("refuse at=1s for=60s", Class::kIdentical);
  EXPECT_GT(result_.lasted, absl::Seconds(60));
}

TEST_P(SimulationTest, LosesItsSessionWithTheServer) {
  Expect("kill at=2s for=1s", Class::kSessionLost);
  EXPECT_EQ(result_.servers, 2);
  for (const Observation& seen : result_.server) EXPECT_EQ(seen.started, 1);
}

TEST_P(SimulationTest, LosesItsSessionInALongOutage) {
  Expect("refuse at=2s for=200s", Class::kSessionLost);
}

// A server that forgets what it has must not pass for one that is there.
TEST_P(SimulationTest, AKillThatIsNoneOfTheFaultsIsALoss) {
  Expect("kill at=2s for=1s", Class::kSessionLost);
  const Verdict strict = Judge(Talk(GetParam()), result_.client, result_.server, false);
  EXPECT_EQ(strict.result, Class::kLost);
}

INSTANTIATE_TEST_SUITE_P(Codecs, SimulationTest, ::testing::Values(Codec::kJson, Codec::kProto),
                         [](const auto& info) {
                           return info.param == Codec::kJson ? "Json" : "Proto";
                         });

// What makes a seed worth printing.
// A call that sends every 2 ms, so on an Upload, and one that begins when that has been silent for
// a while.
Traffic Chat(Codec codec, CallKind kind = CallKind::kBidi) {
  Traffic traffic;
  traffic.codec = codec;
  CallPlan call;
  call.kind = kind;
  call.up.assign(300, 100);
  call.down.assign(kind == CallKind::kBidi ? 20 : 1, 100);
  call.pause_up = absl::Milliseconds(2);
  call.pause_down = absl::Milliseconds(80);
  traffic.calls.push_back(call);
  call.start = absl::Seconds(4);
  call.up.assign(3, 100);
  traffic.calls.push_back(call);
  return traffic;
}

TEST_P(SimulationTest, SurvivesUploadsThatBreak) {
  for (const char* faults :
       {"", "cut-request n=19 bytes=100", "cut-request n=19 bytes=3000", "cut-reply n=19 bytes=3",
        "cut-all at=300ms", "silence at=200ms for=10s", "silence at=3s for=20s",
        "silence-request n=19", "silence-reply n=19 bytes=5", "limit bytes=2000", "buffer",
        "latency for=50ms", "cutter for=100ms"}) {
    // A client stream hears nothing before its end, which an acknowledgement could be for.
    for (CallKind kind : {CallKind::kBidi, CallKind::kClientStream}) {
      const Simulated result = Simulate(Chat(GetParam(), kind), Of(faults), 1);
      EXPECT_EQ(NameOf(result.verdict.result), NameOf(Class::kIdentical))
          << NameOf(kind) << ", " << faults << ": " << result.verdict.why;
    }
  }
}

// Otherwise the above would say nothing of them.
TEST_P(SimulationTest, SendsChatsOnAnUpload) {
  std::vector<std::string> trace;
  Simulate(Chat(GetParam()), Of(""), 1, &trace);
  const std::string all = absl::StrJoin(trace, "\n");
  EXPECT_THAT(all, testing::HasSubstr("exchange 19: /runnel.v1.Channel/Upload"));
  EXPECT_LT(trace.size(), 100u);
}

TEST(RepeatTest, TheSameSeedGivesTheSameRun) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    std::vector<std::string> traces[2];
    for (std::vector<std::string>& trace : traces) {
      Dice dice(seed);
      const Traffic traffic = Traffic::Draw(dice, {}, {});
      const Schedule schedule = Schedule::Draw(dice, {}, traffic.largest_message_up());
      Simulate(traffic, schedule, seed, &trace);
    }
    EXPECT_FALSE(traces[0].empty());
    EXPECT_EQ(traces[0], traces[1]) << "seed " << seed;
  }
}

TEST(RepeatTest, AnotherSeedGivesOtherWaits) {
  std::vector<std::string> traces[2];
  for (uint64_t seed : {0, 1}) {
    Simulate(Talk(Codec::kProto), Of("refuse at=500ms for=2s; cut-all at=1s"), seed, &traces[seed]);
  }
  EXPECT_NE(traces[0], traces[1]);
}

}  // namespace
}  // namespace fault
