#include "runtime/client/event_stream.h"

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "runtime/async/task_group.h"
#include "runtime/client/event_stream_test.pb.h"
#include "runtime/client/scripted_http.h"
#include "runtime/testing/manual_clock.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using event_stream_test::Change;
using event_stream_test::Update;
using scripted::Step;
using scripted::Stream;
using scripted::Strings;
using scripted::Then;
using testing::HasSubstr;
using State = EventSourceState;

template <typename T>
using ReadResult = absl::StatusOr<std::optional<TypedEvent<T>>>;

class EventStreamTest : public testing::Test {
 protected:
  EventStreamTest() {
    source_options_.clock = &clock_;
    source_options_.retry.jitter = 0;
    source_options_.http = scripted::HttpOf(script_);
  }
  ~EventStreamTest() override {
    Poll();
    EXPECT_EQ(script_->open_bodies, 0);
  }

  void Poll() {
    context_.restart();
    context_.poll();
  }

  std::shared_ptr<EventSource> Source(std::vector<Step> steps) {
    for (Step& step : steps) script_->steps.push_back(std::move(step));
    return std::make_shared<EventSource>(context_.get_executor(), "http://host/stream",
                                         source_options_);
  }

  // What Read returns without time going by; nullopt when it waits.
  template <typename T>
  std::optional<ReadResult<T>> Read(EventStream<T>& stream) {
    auto result = std::make_shared<std::optional<ReadResult<T>>>();
    task_ = tasks_.Spawn(Keep<T>(stream.Read(), result));
    Poll();
    return std::move(*result);
  }
  template <typename T>
  static Awaitable<void> Keep(Awaitable<ReadResult<T>> read,
                              std::shared_ptr<std::optional<ReadResult<T>>> result) {
    result->emplace(co_await std::move(read));
  }

  // A message as "name message id", or what there is instead.
  template <typename T>
  static std::string Text(const std::optional<ReadResult<T>>& read) {
    if (!read) return "(waits)";
    if (!read->ok()) return absl::StatusCodeToString(read->status().code());
    if (!read->value()) return "(end)";
    const TypedEvent<T>& event = *read->value();
    const std::string what = event.message.ok()
                                 ? TextOf(*event.message)
                                 : absl::StatusCodeToString(event.message.status().code());
    return absl::StrCat(event.type, " ", what, " ", event.id);
  }
  static std::string TextOf(const google::protobuf::Message& message) {
    return message.ShortDebugString();
  }
  static std::string TextOf(const std::string& text) { return text; }
  template <typename T>
  Strings ReadAllNow(EventStream<T>& stream) {
    Strings all;
    while (true) {
      const auto read = Read(stream);
      all.push_back(Text<T>(read));
      if (!read || !read->ok() || !read->value()) return all;
    }
  }

  // The texts of all that a stream with the options has, and is over with.
  template <typename T>
  Strings Changes(std::string text, EventStreamOptions options = {}) {
    source_options_.end_of_body = EndOfBody::kClose;
    EventStream<T> stream(Source({Stream({std::move(text)}, Then::kEnd)}), std::move(options));
    return ReadAllNow(stream);
  }

  ManualClock clock_;
  asio::io_context context_{1};
  std::shared_ptr<scripted::Script> script_ = std::make_shared<scripted::Script>();
  EventSourceOptions source_options_;
  TaskGroup tasks_{context_.get_executor()};
  Task task_;
};

TEST_F(EventStreamTest, ReadsJsonOfAnyName) {
  EXPECT_EQ(Changes<Change>("data: {\"title\":\"a\",\"unheard\":{}}\n\n"
                            "id: 7\nevent: x\ndata: {\"title\":\ndata: \"b\"}\n\n"),
            (Strings{"message title: \"a\" ", "x title: \"b\" 7", "(end)"}));
}

TEST_F(EventStreamTest, RefusesUnknownFieldsWhereThatIsWanted) {
  EventStreamOptions options;
  options.limits.unknown_json = UnknownJson::kRefuse;
  EXPECT_EQ(Changes<Change>("data: {\"unheard\":{}}\n\n", options), Strings{"INVALID_ARGUMENT"});
}

TEST_F(EventStreamTest, ReadsBase64) {
  EventStreamOptions options;
  options.data = EventData::kBase64;
  EXPECT_EQ(Changes<Change>("data: CgFhEAc\n\ndata: CgFhEAc=\n\ndata\n\ndata: CgFhEA\n\n", options),
            (Strings{"message title: \"a\" revision: 7 ", "message title: \"a\" revision: 7 ",
                     "message  ", "INVALID_ARGUMENT"}));
}

TEST_F(EventStreamTest, EndsAtABadEvent) {
  EventStream<Change> stream(
      Source({Stream({"id: 7\nevent: x\ndata: {\"title\":3}\n\n", "data: {}\n\n"})}));
  const auto read = Read(stream);
  EXPECT_THAT(*read, StatusIs(absl::StatusCode::kInvalidArgument,
                              HasSubstr("event \"x\" with id \"7\": ")));
  EXPECT_THAT(*read,
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("; its data: {\"title\":3}")));
  EXPECT_EQ(stream.source().status().state, State::kClosed);
  EXPECT_EQ(Text<Change>(Read(stream)), "INVALID_ARGUMENT");
}

TEST_F(EventStreamTest, GoesOnBehindABadEventWhereThatIsWanted) {
  EventStreamOptions options;
  options.bad_events = BadEvents::kReport;
  source_options_.raw = true;
  EventStream<Change> stream(
      Source({Stream({"id: 7\ndata: nonsense\n\nid: 8\ndata: {\"title\":\"a\"}\n\n"})}), options);
  const auto read = Read(stream);
  const TypedEvent<Change>& bad = ***read;
  EXPECT_THAT(bad.message, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("nonsense")));
  EXPECT_EQ(bad.id, "7");
  EXPECT_EQ(bad.data, "nonsense");
  EXPECT_EQ(bad.raw, "id: 7\ndata: nonsense\n");
  EXPECT_EQ(Text<Change>(Read(stream)), "message title: \"a\" 8");
}

TEST_F(EventStreamTest, ShowsNoMoreThanTheBeginningOfABadEvent) {
  EventStream<Change> stream(Source({Stream({"data: " + std::string(1000, 'x') + "\n\n"})}));
  const auto read = Read(stream);
  EXPECT_THAT(*read, StatusIs(absl::StatusCode::kInvalidArgument,
                              HasSubstr(std::string(256, 'x') + "… (1000 bytes)")));
}

TEST_F(EventStreamTest, SkipsNamesItDoesNotKnow) {
  EventStreamOptions options;
  options.names = {"message", "y"};
  EXPECT_EQ(Changes<Change>("event: x\ndata: ?\n\ndata: {}\n\nevent: y\ndata: {}\n\n", options),
            (Strings{"message  ", "y  ", "(end)"}));
}

TEST_F(EventStreamTest, BringsNamesItDoesNotKnowWhereTheyAreAskedFor) {
  EventStreamOptions options;
  options.names = {"message"};
  options.unknown_events = UnknownEvents::kReport;
  EXPECT_EQ(Changes<Change>("id: 1\nevent: x\ndata: ?\n\ndata: {}\n\n", options),
            (Strings{"x UNIMPLEMENTED 1", "message  1", "(end)"}));
}

TEST_F(EventStreamTest, DecodesDataIntoTheFieldOfItsName) {
  EventStreamOptions options;
  options.fields = {{"put", "put"}, {"edit", "patch"}, {"delete", "removed"}};
  options.names = {"message"};
  EXPECT_EQ(Changes<Update>("event: put\ndata: {\"title\":\"a\"}\n\n"
                            "event: edit\ndata: {\"revision\":\"2\"}\n\n"
                            "event: delete\ndata: 103254\n\n"
                            "data: {\"count\":1}\n\n"
                            "event: other\ndata: {}\n\n",
                            options),
            (Strings{"put put { title: \"a\" } ", "edit patch { revision: 2 } ",
                     "delete removed: \"103254\" ", "message count: 1 ", "(end)"}));
}

TEST_F(EventStreamTest, SaysWhichFieldsCannotBe) {
  for (const std::string field : {"none", "all", "count"}) {
    EventStreamOptions options;
    options.fields = {{"x", field}};
    EventStream<Update> stream(Source({}), options);
    const auto read = Read(stream);
    EXPECT_THAT(*read, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("Update." + field)));
    EXPECT_EQ(stream.source().status().state, State::kClosed);
  }
}

TEST_F(EventStreamTest, SkipsEventsThatOnlyHaveAnId) {
  EXPECT_EQ(Changes<Change>("id: p0\nretry: 10\ndata:\n\nid: p1\ndata: {}\n\n"),
            (Strings{"message  p1", "(end)"}));
  EXPECT_EQ(Changes<Change>("data:\n\n"), (Strings{"INVALID_ARGUMENT"}));
}

TEST_F(EventStreamTest, DecodesEmptyDataWhereThatIsWanted) {
  EventStreamOptions options;
  options.data = EventData::kBase64;
  options.empty_data = EmptyData::kDecode;
  EXPECT_EQ(Changes<Change>("id: 1\ndata\n\n", options), (Strings{"message  1", "(end)"}));
}

TEST_F(EventStreamTest, SkipsComments) {
  source_options_.comments = true;
  EXPECT_EQ(Changes<Change>(": hi\n\n:\n\ndata: {}\n\n"), (Strings{"message  ", "(end)"}));
}

TEST_F(EventStreamTest, EndsAtASentinelWithoutDecodingIt) {
  EventStreamOptions options;
  options.end_data = {"[DONE]"};
  options.end_events = {"done"};
  for (const std::string end : {"data: [DONE]\n\n", "event: done\ndata: ?\n\n"}) {
    EventStream<Change> stream(Source({Stream({"data: {}\n\n", end, "data: {}\n\n"})}), options);
    EXPECT_EQ(ReadAllNow(stream), (Strings{"message  ", "(end)"}));
    EXPECT_EQ(stream.source().status().state, State::kClosed);
    EXPECT_EQ(Text<Change>(Read(stream)), "(end)");
  }
}

TEST_F(EventStreamTest, EndsBehindItsLastEvent) {
  EventStreamOptions options;
  options.names = {"delta"};
  options.last_events = {"completed"};
  EXPECT_EQ(
      Changes<Change>("event: delta\ndata: {}\n\nevent: completed\ndata: {\"title\":\"z\"}\n\n"
                      "event: delta\ndata: {}\n\n",
                      options),
      (Strings{"delta  ", "completed title: \"z\" ", "(end)"}));
}

TEST_F(EventStreamTest, EndsWithAnErrorThatTheServerSends) {
  EventStreamOptions options;
  options.error_events = {"error"};
  EventStream<Change> stream(Source({Stream({"event: error\ndata: overloaded\n\n"})}), options);
  const auto read = Read(stream);
  EXPECT_THAT(*read, StatusIs(absl::StatusCode::kUnknown, HasSubstr("overloaded")));
  EXPECT_EQ(stream.source().status().state, State::kClosed);
}

TEST_F(EventStreamTest, AsksWhichEventsAreErrors) {
  EventStreamOptions options;
  options.error = [](const SourceEvent& event) {
    return event.data.starts_with("{\"error\"") ? absl::ResourceExhaustedError("slow down")
                                                : absl::OkStatus();
  };
  EXPECT_EQ(Changes<Change>("data: {}\n\ndata: {\"error\":{}}\n\n", options),
            (Strings{"message  ", "RESOURCE_EXHAUSTED"}));
}

TEST_F(EventStreamTest, MissesAnEndThatIsRequired) {
  EventStreamOptions options;
  options.end_data = {"[DONE]"};
  options.end_required = true;
  EXPECT_EQ(Changes<Change>("data: {}\n\n", options), (Strings{"message  ", "DATA_LOSS"}));
  EXPECT_EQ(Changes<Change>("data: {}\n\ndata: [DONE]\n\n", options),
            (Strings{"message  ", "(end)"}));
}

TEST_F(EventStreamTest, TakesADecoderForAnyType) {
  const EventStream<std::string>::Decoder decode = [](const SourceEvent& event,
                                                      std::string& message) {
    if (event.data == "skip") return EventOutcome::Skipped();
    if (event.data == "bad") return EventOutcome::Bad(absl::OutOfRangeError("too bad"));
    if (event.data == "what") return EventOutcome::Unknown();
    if (event.data == "end") return EventOutcome::End();
    if (event.data == "fail") return EventOutcome::End(absl::AbortedError("failed"));
    message = "<" + event.data + ">";
    return event.data == "last" ? EventOutcome::LastMessage() : EventOutcome::Message();
  };
  EventStreamOptions options;
  options.bad_events = BadEvents::kReport;
  options.unknown_events = UnknownEvents::kReport;
  const auto read_all = [&](std::string text) {
    EventStream<std::string> stream(Source({Stream({std::move(text)})}), decode, options);
    return ReadAllNow(stream);
  };
  EXPECT_EQ(read_all("data: a\n\ndata: skip\n\ndata: bad\n\ndata: what\n\ndata: last\n\n"),
            (Strings{"message <a> ", "message OUT_OF_RANGE ", "message UNIMPLEMENTED ",
                     "message <last> ", "(end)"}));
  EXPECT_EQ(read_all("data: end\n\n"), Strings{"(end)"});
  EXPECT_EQ(read_all("data: fail\n\n"), Strings{"ABORTED"});
}

TEST_F(EventStreamTest, ConnectsAgainBehindItsLastMessage) {
  EventStream<Change> stream(Source(
      {Stream({"id: 7\ndata: {}\n\n"}, Then::kEnd), Stream({"data: {\"title\":\"b\"}\n\n"})}));
  EXPECT_EQ(Text<Change>(Read(stream)), "message  7");
  EXPECT_EQ(Text<Change>(Read(stream)), "(waits)");
  task_.Cancel();
  Poll();
  clock_.Advance(absl::Seconds(3));
  EXPECT_EQ(Text<Change>(Read(stream)), "message title: \"b\" 7");
  EXPECT_EQ(script_->seen[1].Header("last-event-id"), "7");
}

TEST_F(EventStreamTest, CloseEndsARead) {
  EventStream<Change> stream(Source({Stream({})}));
  auto result = std::make_shared<std::optional<ReadResult<Change>>>();
  tasks_.Spawn(Keep<Change>(stream.Read(), result));
  Poll();
  EXPECT_FALSE(result->has_value());
  EventStream<Change> moved = std::move(stream);
  moved.source().Close();
  Poll();
  EXPECT_THAT(**result, StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace runnel
