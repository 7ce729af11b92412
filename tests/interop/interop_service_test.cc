#include "tests/interop/interop_service.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runnel/client.h"

namespace interop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class InteropServiceTest : public ::testing::Test {
 protected:
  InteropServiceTest() : server_(OnFreePort()) {
    EXPECT_EQ(server_.AddService(service_), absl::OkStatus());
    EXPECT_EQ(server_.Start(), absl::OkStatus());
    stub_.emplace(runnel::Channel::Connect(io_.executor(), server_.url()));
  }

  static runnel::ServerOptions OnFreePort() {
    runnel::ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.threads = 1;
    return options;
  }

  absl::StatusOr<v1::Response> Unary(const v1::Request& request,
                                     const runnel::CallOptions& options = {}) {
    return io_.BlockOn(stub_->Unary(request, options));
  }

  // The messages of a stream, and the status that it ends with.
  template <typename Message, typename Stream>
  std::vector<Message> ReadAll(Stream stream, absl::Status& end) {
    std::vector<Message> messages;
    while (true) {
      Message message;
      absl::StatusOr<bool> read = io_.BlockOn(stream.ReadInto(message));
      end = read.status();
      if (!read.ok() || !*read) return messages;
      messages.push_back(std::move(message));
    }
  }

  std::vector<uint32_t> ReadFeed(const v1::FeedRequest& request, const std::string& after,
                                 absl::Status& end) {
    runnel::CallOptions options;
    options.route = runnel::Route::kDirect;
    options.last_event_id = after;
    std::vector<uint32_t> numbers;
    for (const v1::FeedItem& item : ReadAll<v1::FeedItem>(stub_->Feed(request, options), end)) {
      numbers.push_back(item.number());
    }
    return numbers;
  }

  InteropService service_;
  runnel::Server server_;
  runnel::IoThread io_;
  std::optional<v1::InteropService::Stub> stub_;
};

v1::Request Text(const std::string& text) {
  v1::Request request;
  request.set_text(text);
  return request;
}

TEST_F(InteropServiceTest, EchoesTextAndPayload) {
  v1::Request request = Text("hi");
  request.set_payload("bytes");
  const absl::StatusOr<v1::Response> response = Unary(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->text(), "hi");
  EXPECT_EQ(response->payload(), "bytes");
  EXPECT_EQ(response->requests(), 1u);
  EXPECT_FALSE(response->has_timeout_ms());
}

TEST_F(InteropServiceTest, EchoesMetadata) {
  runnel::ResponseMetadata received;
  runnel::CallOptions options;
  options.metadata = {{"x-echo-color", "blue"}, {"x-other-bin", std::string("\0\xff", 2)}};
  options.response_metadata = &received;
  options.timeout = absl::Minutes(1);
  const absl::StatusOr<v1::Response> response = Unary(Text(""), options);
  ASSERT_TRUE(response.ok()) << response.status();
  std::map<std::string, std::string> seen;
  for (const v1::Metadata& entry : response->metadata()) {
    seen[entry.name()] = entry.value() + "|" + entry.binary();
  }
  EXPECT_EQ(seen["x-echo-color"], "blue|");
  EXPECT_EQ(seen["x-other-bin"], "|" + std::string("\0\xff", 2));
  EXPECT_EQ(received.initial.Get("x-echo-color"), "blue");
  EXPECT_EQ(received.trailing.Get("x-echo-color"), "blue");
  EXPECT_FALSE(received.initial.Contains("x-other-bin"));
  EXPECT_GT(response->timeout_ms(), 0);
  EXPECT_LE(response->timeout_ms(), 60'000);
}

TEST_F(InteropServiceTest, FailsAsThePlanSays) {
  v1::Request request;
  v1::Error& error = *request.mutable_plan()->mutable_error();
  error.set_code(v1::Error::NOT_FOUND);
  error.set_message("gone");
  for (const char* text : {"why", "how"}) {
    v1::Note note;
    note.set_text(text);
    error.add_details()->PackFrom(note);
  }
  const absl::Status status = Unary(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "gone");
  std::vector<std::string> texts;
  for (const runnel::StatusDetail& detail : runnel::GetDetails(status)) {
    EXPECT_EQ(detail.type, "runnel.interop.v1.Note");
    v1::Note note;
    EXPECT_TRUE(note.ParseFromString(detail.value));
    texts.push_back(note.text());
  }
  EXPECT_THAT(texts, ElementsAre("why", "how"));
}

TEST_F(InteropServiceTest, StreamsAsManyAsThePlanSaysAndThenFails) {
  v1::Request request = Text("hi");
  request.mutable_plan()->set_count(3);
  request.mutable_plan()->set_size(1000);
  request.mutable_plan()->mutable_error()->set_code(v1::Error::ABORTED);
  absl::Status end;
  const std::vector<v1::Response> responses =
      ReadAll<v1::Response>(stub_->ServerStream(request, {}), end);
  ASSERT_EQ(responses.size(), 3u);
  EXPECT_EQ(responses[2].number(), 2u);
  EXPECT_EQ(responses[2].payload(), std::string(1000, 'x'));
  EXPECT_EQ(end.code(), absl::StatusCode::kAborted);
}

TEST_F(InteropServiceTest, AnswersAStreamOfRequestsWithAllOfThem) {
  auto call = stub_->ClientStream();
  EXPECT_EQ(io_.BlockOn(call.Write(Text("a"))), absl::OkStatus());
  EXPECT_EQ(io_.BlockOn(call.Write(Text("b"))), absl::OkStatus());
  const absl::StatusOr<v1::Response> response = io_.BlockOn(call.Finish());
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->text(), "ab");
  EXPECT_EQ(response->requests(), 2u);
}

TEST_F(InteropServiceTest, RefusesAStreamWithoutARequest) {
  auto call = stub_->ClientStream();
  EXPECT_EQ(io_.BlockOn(call.Finish()).status(),
            absl::InvalidArgumentError("there was no request"));
}

TEST_F(InteropServiceTest, AnswersEachRequestOfABidiCall) {
  auto call = stub_->Bidi();
  for (const char* text : {"a", "b"}) {
    EXPECT_EQ(io_.BlockOn(call.Write(Text(text))), absl::OkStatus());
    const absl::StatusOr<std::optional<v1::Response>> response = io_.BlockOn(call.Read());
    ASSERT_TRUE(response.ok() && response->has_value()) << response.status();
    EXPECT_EQ((*response)->text(), text);
  }
}

TEST_F(InteropServiceTest, FeedGoesOnAfterTheLastEventId) {
  v1::FeedRequest request;
  request.set_count(4);
  absl::Status end;
  EXPECT_THAT(ReadFeed(request, "", end), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(ReadFeed(request, "2", end), ElementsAre(3, 4));
  EXPECT_THAT(ReadFeed(request, "4", end), ElementsAre());
  EXPECT_EQ(end, absl::OkStatus());
  EXPECT_THAT(ReadFeed(request, "x", end), ElementsAre());
  EXPECT_EQ(end.code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(InteropServiceTest, RefusesPlansThatAskForTooMuch) {
  v1::Request slow, large, unknown;
  slow.mutable_plan()->set_delay_ms(60'001);
  large.mutable_plan()->set_size(64 * 1024 * 1024 + 1);
  unknown.mutable_plan()->mutable_error()->set_code(static_cast<v1::Error::Code>(17));
  EXPECT_EQ(Unary(slow).status(),
            absl::InvalidArgumentError("delay_ms is 60001; at most 60000 will do"));
  EXPECT_THAT(std::string(Unary(large).status().message()), HasSubstr("size is 67108865"));
  EXPECT_EQ(Unary(unknown).status(), absl::InvalidArgumentError("17 is no code"));
}

}  // namespace
}  // namespace interop
