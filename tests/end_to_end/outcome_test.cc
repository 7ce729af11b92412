// What a call that runs to its end comes to, for every kind of call, codec, route and transport.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/protobuf/duration.pb.h"
#include "runtime/core/status_details.h"
#include "tests/end_to_end/calls.h"

namespace end_to_end {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OutcomeTest : public ::testing::TestWithParam<CallCase> {
 protected:
  bool streams() const {
    return GetParam().kind == CallKind::kServerStream || GetParam().kind == CallKind::kBidi;
  }

  World world_{OptionsFor(GetParam())};
};

TEST_P(OutcomeTest, DeliversEveryReplyAndOk) {
  Request request;
  request.mutable_script()->set_count(3);
  request.mutable_script()->set_payload_bytes(100);
  const Outcome outcome = Call(world_, GetParam().kind, request);
  ASSERT_EQ(outcome.status, absl::OkStatus());
  ASSERT_EQ(outcome.replies.size(), streams() ? 3u : 1u);
  for (size_t i = 0; i < outcome.replies.size(); ++i) {
    EXPECT_EQ(outcome.replies[i].number(), static_cast<int64_t>(i));
    EXPECT_EQ(outcome.replies[i].payload(), std::string(100, 'x'));
  }
  EXPECT_TRUE(world_.journal().Await("returned"));
}

TEST_P(OutcomeTest, DeliversEmptyMessages) {
  Request request;
  request.mutable_script()->set_count(2);
  request.mutable_script()->set_bare(true);
  const Outcome outcome = Call(world_, GetParam().kind, request);
  ASSERT_EQ(outcome.status, absl::OkStatus());
  EXPECT_EQ(outcome.replies.size(), streams() ? 2u : 1u);
}

TEST_P(OutcomeTest, DeliversAnErrorWithItsDetailsAfterTheReplies) {
  Request request;
  Script& script = *request.mutable_script();
  script.set_count(2);
  script.mutable_fail()->set_code(static_cast<int>(absl::StatusCode::kFailedPrecondition));
  script.mutable_fail()->set_message("the büro is closed\n\"today\"");
  script.mutable_fail()->set_reason("CLOSED");
  script.mutable_fail()->mutable_retry_after()->set_seconds(7);
  const Outcome outcome = Call(world_, GetParam().kind, request);
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(outcome.status.message(), "the büro is closed\n\"today\"");
  const auto info = runnel::GetErrorInfo(outcome.status);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->reason, "CLOSED");
  EXPECT_EQ(info->domain, "test");
  EXPECT_THAT(info->metadata,
              ElementsAre(std::pair<const std::string, std::string>("key", "value")));
  const auto retry = runnel::GetDetail<google::protobuf::Duration>(outcome.status);
  ASSERT_TRUE(retry.has_value());
  EXPECT_EQ(retry->seconds(), 7);
  EXPECT_EQ(outcome.replies.size(), streams() ? 2u : 0u);
}

TEST_P(OutcomeTest, DeliversEveryStatusCode) {
  for (int code = 1; code <= 16; ++code) {
    Request request;
    request.mutable_script()->mutable_fail()->set_code(code);
    const Outcome outcome = Call(world_, GetParam().kind, request);
    EXPECT_EQ(static_cast<int>(outcome.status.code()), code);
  }
}

TEST_P(OutcomeTest, DeliversCancelledWhenTheHandlerEndsTheCallSo) {
  Request request;
  Script& script = *request.mutable_script();
  script.set_count(2);
  script.mutable_fail()->set_code(static_cast<int>(absl::StatusCode::kCancelled));
  script.mutable_fail()->set_message("closing time");
  const Outcome outcome = Call(world_, GetParam().kind, request);
  EXPECT_EQ(outcome.status, absl::CancelledError("closing time"));
  EXPECT_EQ(outcome.replies.size(), streams() ? 2u : 0u);
}

TEST_P(OutcomeTest, TurnsAnExceptionIntoUnknownAndServesOn) {
  Request request;
  request.mutable_script()->set_throw_exception(true);
  const Outcome outcome = Call(world_, GetParam().kind, request);
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kUnknown);
  EXPECT_THAT(std::string(outcome.status.message()), HasSubstr("thrown on purpose"));
  EXPECT_EQ(Call(world_, GetParam().kind, Request()).status, absl::OkStatus());
}

TEST_P(OutcomeTest, CarriesMetadataBothWays) {
  runnel::CallOptions options;
  options.metadata = {
      {"x-token", "one"}, {"x-token", "two"}, {"x-raw-bin", std::string("\0\xff,", 3)}};
  Request request;
  Script& script = *request.mutable_script();
  script.set_count(1);
  for (auto* entries : {script.mutable_initial(), script.mutable_trailing()}) {
    v1::Entry& text = *entries->Add();
    text.set_key("x-answer");
    text.set_value("forty two");
    v1::Entry& raw = *entries->Add();
    raw.set_key("x-sum-bin");
    raw.set_value(std::string("\x00\x01\xfe", 3));
  }
  const Outcome outcome = Call(world_, GetParam().kind, request, options);
  ASSERT_EQ(outcome.status, absl::OkStatus());
  ASSERT_EQ(outcome.replies.size(), 1u);
  runnel::Metadata seen;
  for (const v1::Entry& entry : outcome.replies[0].metadata()) {
    if (entry.key().starts_with("x-")) seen.Add(entry.key(), entry.value());
  }
  EXPECT_EQ(seen, options.metadata);
  const std::string raw("\x00\x01\xfe", 3);
  EXPECT_EQ(outcome.initial.Get("x-answer"), "forty two");
  EXPECT_EQ(outcome.initial.Get("x-sum-bin"), raw);
  EXPECT_EQ(outcome.trailing.Get("x-answer"), "forty two");
  EXPECT_EQ(outcome.trailing.Get("x-sum-bin"), raw);
}

TEST_P(OutcomeTest, CarriesTrailersWithAnError) {
  Request request;
  Script& script = *request.mutable_script();
  v1::Entry& entry = *script.add_trailing();
  entry.set_key("x-cost");
  entry.set_value("12");
  script.mutable_fail()->set_code(static_cast<int>(absl::StatusCode::kNotFound));
  const Outcome outcome = Call(world_, GetParam().kind, request);
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(outcome.trailing.Get("x-cost"), "12");
}

TEST_P(OutcomeTest, RefusesMetadataThatCannotTravel) {
  for (const char* key : {"bad key", "connect-timeout-ms", ""}) {
    runnel::CallOptions options;
    options.metadata.Add(key, "1");
    EXPECT_EQ(Call(world_, GetParam().kind, Request(), options).status.code(),
              absl::StatusCode::kInvalidArgument)
        << key;
  }
  runnel::CallOptions split;
  split.metadata.Add("x-a", "1\r\nx-b: 2");
  EXPECT_EQ(Call(world_, GetParam().kind, Request(), split).status.code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(world_.journal().Count("started"), 0);
}

TEST_P(OutcomeTest, FailsWhenTheHandlerSetsMetadataThatCannotTravel) {
  Request request;
  v1::Entry& entry = *request.mutable_script()->add_initial();
  entry.set_key("x-a");
  entry.set_value("1\r\nx-b: 2");
  const Outcome outcome = Call(world_, GetParam().kind, request);
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kInternal) << outcome.status;
  EXPECT_FALSE(outcome.initial.Contains("x-b"));
  Request trailing;
  *trailing.mutable_script()->add_trailing() = entry;
  const Outcome late = Call(world_, GetParam().kind, trailing);
  EXPECT_EQ(late.status.code(), absl::StatusCode::kInternal) << late.status;
  EXPECT_FALSE(late.trailing.Contains("x-b"));
}

TEST_P(OutcomeTest, FailsAMessageThatCannotBeEncoded) {
  Request request;
  request.set_text("\xff");  // not UTF-8
  const Outcome outcome = Call(world_, GetParam().kind, request);
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kInvalidArgument) << outcome.status;
  EXPECT_EQ(world_.journal().Count("returned"), 0);
}

INSTANTIATE_TEST_SUITE_P(All, OutcomeTest, ::testing::ValuesIn(AllCalls()),
                         [](const auto& info) { return NameOf(info.param); });

}  // namespace
}  // namespace end_to_end
