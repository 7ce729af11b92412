#include "runtime/core/trace_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace runnel {
namespace {

using ::testing::ContainsRegex;
using ::testing::SizeIs;

constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kSpan[] = "00f067aa0ba902b7";
const std::string kParent = std::string("00-") + kTrace + "-" + kSpan + "-01";

std::optional<TraceContext> Parse(std::string parent, std::string state = "") {
  Metadata metadata{{"traceparent", std::move(parent)}};
  if (!state.empty()) metadata.Add("tracestate", state);
  return TraceContext::FromMetadata(metadata);
}

TEST(TraceContextTest, ReadsWhatACallerSent) {
  const std::optional<TraceContext> context = Parse(kParent, "congo=t61rcWkgMzE,rojo@a=00f0 67aa");
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_id, kTrace);
  EXPECT_EQ(context->span_id, kSpan);
  EXPECT_EQ(context->parent_id, "");
  EXPECT_TRUE(context->sampled);
  EXPECT_EQ(context->state, "congo=t61rcWkgMzE,rojo@a=00f0 67aa");
}

TEST(TraceContextTest, TakesOnlyTheLastBitOfTheFlags) {
  const std::string all_but_flags = kParent.substr(0, 53);
  EXPECT_FALSE(Parse(all_but_flags + "00")->sampled);
  EXPECT_TRUE(Parse(all_but_flags + "ff")->sampled);
  EXPECT_FALSE(Parse(all_but_flags + "fe")->sampled);
}

TEST(TraceContextTest, TakesLaterVersionsThatSayMore) {
  const std::string later = "cc" + kParent.substr(2);
  EXPECT_TRUE(Parse(later));
  EXPECT_TRUE(Parse(later + "-what.the.future.holds"));
  EXPECT_FALSE(Parse(later + ".what"));
}

TEST(TraceContextTest, IgnoresWhatIsNoTraceparent) {
  for (const std::string& parent : {
           std::string(),
           std::string("00"),
           kParent.substr(0, 54),
           kParent + "0",
           kParent + "-01",
           "ff" + kParent.substr(2),
           "0G" + kParent.substr(2),
           "00_" + kParent.substr(3),
           std::string("00-") + std::string(32, '0') + "-" + kSpan + "-01",
           std::string("00-") + kTrace + "-" + std::string(16, '0') + "-01",
           std::string("00-") + "4BF92F3577B34DA6A3CE929D0E0E4736-" + kSpan + "-01",
           std::string("00-") + kTrace + "-" + kSpan + "-0x",
           std::string("00-") + kTrace + kSpan + "---01",
       }) {
    EXPECT_FALSE(Parse(parent)) << parent;
  }
  EXPECT_FALSE(TraceContext::FromMetadata(Metadata()));
  EXPECT_FALSE(TraceContext::FromMetadata({{"traceparent", kParent}, {"traceparent", kParent}}));
}

TEST(TraceContextTest, LeavesOutATracestateThatIsNotValid) {
  std::string many = "k0=v";
  for (int i = 1; i < 33; ++i) many += ",k" + std::to_string(i) + "=v";
  for (const std::string& state :
       {std::string("no equals"), std::string("a=b,a=c"), std::string("A=b"), std::string("a=b=c"),
        std::string("a="), std::string("a@1=b"), std::string("a@@b=c"), many}) {
    const std::optional<TraceContext> context = Parse(kParent, state);
    ASSERT_TRUE(context) << state;
    EXPECT_EQ(context->state, "") << state;
  }
}

TEST(TraceContextTest, JoinsSeveralTracestates) {
  const std::optional<TraceContext> context = TraceContext::FromMetadata(
      {{"traceparent", kParent}, {"tracestate", "a=1, b=2"}, {"tracestate", "1c@d=3"}});
  ASSERT_TRUE(context);
  EXPECT_EQ(context->state, "a=1, b=2,1c@d=3");
}

TEST(TraceContextTest, AChildHasItsParentAndAnIdOfItsOwn) {
  const TraceContext child = Parse(kParent, "a=1")->Child();
  EXPECT_EQ(child.trace_id, kTrace);
  EXPECT_EQ(child.parent_id, kSpan);
  EXPECT_NE(child.span_id, kSpan);
  Metadata metadata{{"traceparent", "x"}, {"tracestate", "old=1"}};
  child.AddTo(metadata);
  EXPECT_EQ(metadata.Get("traceparent"), std::string("00-") + kTrace + "-" + child.span_id + "-01");
  EXPECT_THAT(metadata.GetAll("tracestate"), testing::ElementsAre("a=1"));
}

TEST(TraceContextTest, ANewTraceIsAnotherOneEachTime) {
  const TraceContext a = TraceContext::Begin();
  const TraceContext b = TraceContext::Begin();
  EXPECT_NE(a.trace_id, b.trace_id);
  EXPECT_NE(a.span_id, b.span_id);
  EXPECT_EQ(a.parent_id, "");
  EXPECT_FALSE(a.sampled);
  EXPECT_THAT(a.trace_id, SizeIs(32));
  EXPECT_THAT(a.traceparent(), ContainsRegex("^00-[0-9a-f]{32}-[0-9a-f]{16}-00$"));
  EXPECT_EQ(Parse(a.traceparent())->trace_id, a.trace_id);
}

}  // namespace
}  // namespace runnel
