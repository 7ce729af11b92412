#include "runtime/api/api_event.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/api/library_methods_test.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using ::api::v1::Answer;
using ::api::v1::BookEvent;
using ::api::v1::LineEvent;
using ::testing::HasSubstr;

std::string Written(const char* method, const google::protobuf::Message& message,
                    std::string_view id = "") {
  std::string out;
  EXPECT_THAT(AppendApiEvent(LibraryMethod(method), message, id, out), IsOk());
  return out;
}

std::string End(const char* method, const absl::Status& status) {
  std::string out;
  AppendApiEnd(LibraryMethod(method), status, out);
  return out;
}

template <typename T>
ApiEventContent Read(const char* method, std::string_view name, std::string_view data, T& message) {
  return ReadApiEvent(LibraryMethod(method), name, data, Limits(), message);
}

TEST(ApiEventTest, WritesWholeMessagesAsUnnamedEvents) {
  Answer answer;
  answer.set_text("a\nb");
  EXPECT_EQ(Written("AskBitByBit", answer), "data: {\"text\":\"a\\nb\"}\n\n");
  EXPECT_EQ(Written("AskBitByBit", answer, "7"), "id: 7\ndata: {\"text\":\"a\\nb\"}\n\n");
  EXPECT_EQ(Written("Count", answer), "event: count\ndata: {\"text\":\"a\\nb\"}\n\n");
}

TEST(ApiEventTest, WritesMembersAsNamedEventsWithTheirNamesInside) {
  BookEvent event;
  event.mutable_put()->set_id("1");
  EXPECT_EQ(Written("Watch", event, "4"),
            "event: put\nid: 4\ndata: {\"type\":\"put\",\"id\":\"1\"}\n\n");
  event.mutable_closed();
  EXPECT_EQ(Written("Watch", event), "event: closed\ndata: {\"type\":\"closed\"}\n\n");
}

TEST(ApiEventTest, WritesTextInAsManyLinesAsItHas) {
  LineEvent event;
  event.set_line("a\r\nb\rc\n");
  EXPECT_EQ(Written("Follow", event), "data: a\ndata: b\ndata: c\ndata: \n\n");
  event.mutable_other()->set_name("n");
  event.mutable_other()->set_data("{");
  EXPECT_EQ(Written("Follow", event), "event: n\ndata: {\n\n");
}

TEST(ApiEventTest, RefusesMessagesThatAreNoEvents) {
  std::string out = "x";
  EXPECT_THAT(
      AppendApiEvent(LibraryMethod("Watch"), BookEvent(), "", out),
      StatusIs(absl::StatusCode::kInvalidArgument, "a api.v1.BookEvent without any of its events"));
  LineEvent event;
  event.mutable_other()->set_name("a\nevent: put");
  EXPECT_THAT(AppendApiEvent(LibraryMethod("Follow"), event, "", out),
              StatusIs(absl::StatusCode::kInvalidArgument));
  event.mutable_answer()->set_text("\xff");
  EXPECT_THAT(AppendApiEvent(LibraryMethod("Follow"), event, "", out),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not valid UTF-8")));
  EXPECT_EQ(out, "x");
}

TEST(ApiEventTest, WritesTheEnd) {
  EXPECT_EQ(End("AskBitByBit", absl::OkStatus()), "data: [DONE]\n\n");
  EXPECT_EQ(End("Watch", absl::OkStatus()), "");
  EXPECT_EQ(End("Watch", absl::UnavailableError("no")),
            "event: error\n"
            "data: {\"type\":\"error\",\"error\":{\"message\":\"no\",\"type\":\"busy\"}}\n\n");
  EXPECT_EQ(End("Count", absl::NotFoundError("no")),
            "data: {\"error\":{\"text\":\"no\",\"code\":\"not_found\"}}\n\n");
}

TEST(ApiEventTest, ReadsWholeMessages) {
  Answer answer;
  ApiEventContent content = Read("AskBitByBit", "message", "{\"text\":\"a\",\"new\":1}", answer);
  EXPECT_EQ(content.kind, ApiEventKind::kMessage);
  EXPECT_THAT(content.status, IsOk());
  EXPECT_EQ(answer.text(), "a");
  EXPECT_EQ(Read("AskBitByBit", "ping", "{}", answer).kind, ApiEventKind::kUnknown);
  EXPECT_EQ(Read("AskBitByBit", "message", "", answer).kind, ApiEventKind::kSkipped);
  EXPECT_EQ(Read("Count", "count", "{}", answer).kind, ApiEventKind::kMessage);
  EXPECT_EQ(Read("Count", "message", "{}", answer).kind, ApiEventKind::kUnknown);
}

TEST(ApiEventTest, ReadsNamedEventsAsMembers) {
  BookEvent event;
  event.mutable_put()->set_title("old");
  EXPECT_EQ(Read("Watch", "removed", R"({"type":"removed","id":"3"})", event).kind,
            ApiEventKind::kMessage);
  EXPECT_EQ(event.ShortDebugString(), "removed { id: \"3\" }");
  EXPECT_EQ(Read("Watch", "closed", "{}", event).kind, ApiEventKind::kLastMessage);
  EXPECT_TRUE(event.has_closed());
  EXPECT_EQ(Read("Watch", "message", "{}", event).kind, ApiEventKind::kUnknown);
  EXPECT_EQ(Read("Watch", "put", "", event).kind, ApiEventKind::kSkipped);
}

TEST(ApiEventTest, ReadsTextAndEventsOfOtherNames) {
  LineEvent event;
  EXPECT_EQ(Read("Follow", "message", "not JSON", event).kind, ApiEventKind::kMessage);
  EXPECT_EQ(event.line(), "not JSON");
  EXPECT_EQ(Read("Follow", "status.new", "x", event).kind, ApiEventKind::kMessage);
  EXPECT_EQ(event.ShortDebugString(), "other { name: \"status.new\" data: \"x\" }");
}

TEST(ApiEventTest, EndsAtTheSentinelOnly) {
  Answer answer;
  ApiEventContent content = Read("AskBitByBit", "message", "[DONE]", answer);
  EXPECT_EQ(content.kind, ApiEventKind::kEnd);
  EXPECT_THAT(content.sent, IsOk());
  EXPECT_THAT(Read("AskBitByBit", "message", "[DONE] ", answer).status,
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(ApiEventTest, ReadsErrorsByTheNameOfTheirEvent) {
  BookEvent event;
  ApiEventContent content =
      Read("Watch", "error", R"({"error":{"type":"busy","message":"m"}})", event);
  EXPECT_EQ(content.kind, ApiEventKind::kEnd);
  EXPECT_THAT(content.sent, StatusIs(absl::StatusCode::kUnavailable, "m"));
  EXPECT_THAT(Read("Watch", "error", "oops", event).sent,
              StatusIs(absl::StatusCode::kUnknown, "the server has sent an error: oops"));
}

TEST(ApiEventTest, ReadsErrorsByTheirMember) {
  Answer answer;
  EXPECT_THAT(Read("Count", "message", R"({"error":{"text":"m"}})", answer).sent,
              StatusIs(absl::StatusCode::kUnknown, "m"));
  // What only looks like one.
  ApiEventContent content =
      Read("Count", "count", R"({"text":"\"error\":{","error":null})", answer);
  EXPECT_EQ(content.kind, ApiEventKind::kMessage);
  EXPECT_THAT(content.sent, IsOk());
}

TEST(ApiEventTest, SaysWhatIsWrongWithData) {
  Answer answer;
  EXPECT_THAT(Read("AskBitByBit", "message", "{\"number\":\"x\"}", answer).status,
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("number")));
}

}  // namespace
}  // namespace runnel
