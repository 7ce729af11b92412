// Stubs over an ApiChannel, and a server of such an API.

#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runnel/api_channel.h"
#include "runtime/core/status_details.h"
#include "runtime/server/server.h"
#include "runtime/testing/status_matchers.h"
#include "tests/end_to_end/library_service.h"
#include "tests/end_to_end/world.h"

namespace end_to_end {
namespace {

using ::api::v1::Answer;
using ::api::v1::BookEvent;
using ::runnel::IsOk;
using ::runnel::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ApiClientTest : public ::testing::Test {
 protected:
  ApiClientTest() : server_(Options()) {
    EXPECT_TRUE(server_.AddService(service_).ok());
    EXPECT_TRUE(server_.AddService(lines_service_).ok());
    EXPECT_TRUE(server_.Start().ok());
    runnel::ApiChannelOptions options;
    options.reconnect.max_drops = 5;
    options.retry.first_pause = absl::Milliseconds(1);
    channel_ = runnel::ApiChannel::Connect(io_.executor(), server_.url() + "/", options);
    library_.emplace(channel_);
    lines_.emplace(channel_);
  }

  static runnel::ServerOptions Options() {
    runnel::ServerOptions options;
    options.listen = "127.0.0.1:0";
    return options;
  }
  static api::v1::AskRequest Question(const std::string& question) {
    api::v1::AskRequest request;
    request.set_model("m");
    request.set_question(question);
    return request;
  }

  template <typename T>
  T BlockOn(runnel::Awaitable<T> task) {
    return io_.BlockOn(Detached(std::move(task)));
  }

  // All messages, as text; and how it ended.
  template <typename T>
  std::vector<std::string> ReadAll(runnel::ClientReader<T> reader, absl::Status& status) {
    std::vector<std::string> messages;
    while (true) {
      absl::StatusOr<std::optional<T>> message = BlockOn(reader.Read());
      status = message.status();
      if (!message.ok() || !*message) return messages;
      messages.push_back((*message)->ShortDebugString());
    }
  }

  LibraryService service_;
  LinesService lines_service_;
  runnel::Server server_;
  runnel::IoThread io_;
  std::shared_ptr<runnel::ApiChannel> channel_;
  std::optional<api::v1::Library::Stub> library_;
  std::optional<api::v1::Lines::Stub> lines_;
};

TEST_F(ApiClientTest, MakesUnaryCallsWithPathQueryAndBody) {
  api::v1::GetBookRequest get;
  get.set_name("a/ü");
  get.mutable_page()->set_size(3);
  const auto book = BlockOn(library_->GetBook(get));
  ASSERT_THAT(book, IsOk());
  EXPECT_EQ(book->title(), get.ShortDebugString());

  api::v1::UpdateBookRequest update;
  update.mutable_shelf()->set_id(4);
  update.mutable_book()->set_title("t");
  update.set_dry_run(true);
  const auto updated = BlockOn(library_->UpdateBook(update));
  ASSERT_THAT(updated, IsOk());
  EXPECT_EQ(updated->ShortDebugString(), "id: \"4, not really\" title: \"t\"");
}

TEST_F(ApiClientTest, ChoosesBetweenAnswerAndStreamByTheMethod) {
  api::v1::AskRequest request = Question("a b");
  request.set_stream(true);
  const auto answer = BlockOn(library_->Ask(request));
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->text(), "a b");
  absl::Status status;
  EXPECT_THAT(ReadAll(library_->AskBitByBit(Question("a b")), status),
              ElementsAre("text: \"a\"", "text: \"b\""));
  EXPECT_THAT(status, IsOk());
}

TEST_F(ApiClientTest, TellsErrorsAsTheServerSaysThem) {
  absl::Status status = BlockOn(library_->Ask(Question("fail"))).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, "not now"));
  EXPECT_EQ(runnel::GetErrorInfo(status)->reason, "busy");
  EXPECT_EQ(runnel::GetErrorInfo(status)->metadata.at("http_status"), "529");
  EXPECT_THAT(ReadAll(library_->AskBitByBit(Question("fail")), status), ElementsAre());
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, "not today"));
  EXPECT_EQ(runnel::GetErrorInfo(status)->reason, "closed");
  EXPECT_THAT(ReadAll(library_->AskBitByBit(Question("a break")), status),
              ElementsAre("text: \"a\""));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, "broken"));
  EXPECT_EQ(runnel::GetErrorInfo(status)->reason, "busy");
}

TEST_F(ApiClientTest, MakesRefusedCallsAgain) {
  BlockOn(library_->Ask(Question("fail"))).IgnoreError();
  EXPECT_EQ(service_.journal().Count("Ask"), 3);
  absl::Status status;
  ReadAll(library_->AskBitByBit(Question("fail")), status);
  EXPECT_EQ(service_.journal().Count("AskBitByBit"), 3);
  // But not when something has come of them.
  ReadAll(library_->AskBitByBit(Question("a break")), status);
  EXPECT_EQ(service_.journal().Count("AskBitByBit"), 4);
}

TEST_F(ApiClientTest, GoesOnBehindTheLastIdWhenAStreamIsCut) {
  api::v1::WatchRequest request;
  request.set_since("cut");
  absl::Status status;
  EXPECT_THAT(
      ReadAll(library_->Watch(request), status),
      ElementsAre("put { id: \"1\" }", "put { id: \"2\" }", "put { id: \"3\" }", "closed { }"));
  EXPECT_THAT(status, IsOk());
}

TEST_F(ApiClientTest, ReadsTextOtherEventsAndTheEndOfTheBody) {
  api::v1::WatchRequest request;
  request.set_since("x\ny");
  absl::Status status;
  EXPECT_THAT(ReadAll(lines_->Follow(request), status),
              ElementsAre("line: \"x\\ny\"", "answer { number: 42 }",
                          "other { name: \"other.name\" data: \"<data>\" }"));
  EXPECT_THAT(status, IsOk());
}

TEST_F(ApiClientTest, ReadsErrorsKnownByTheirMember) {
  api::v1::WatchRequest request;
  request.set_since("2");
  absl::Status status;
  EXPECT_THAT(ReadAll(lines_->Count(request), status), ElementsAre("", "number: 1"));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnknown, "no more"));
  EXPECT_EQ(runnel::GetErrorInfo(status)->reason, "out_of_range");
  request.set_since("x");
  ReadAll(lines_->Count(request), status);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, "`since` is no number"));
}

TEST_F(ApiClientTest, EndsCallsAtTheirTimeout) {
  runnel::CallOptions options;
  options.timeout = absl::Milliseconds(20);
  EXPECT_THAT(BlockOn(library_->Ask(Question("hang"), options)),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("within 20ms")));
  EXPECT_TRUE(service_.journal().Await("cancelled"));
  absl::Status status;
  ReadAll(library_->AskBitByBit(Question("hang"), options), status);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_TRUE(service_.journal().Await("cancelled", 2));
}

TEST_F(ApiClientTest, TellsTheServerWhenNobodyReads) {
  {
    auto reader = library_->AskBitByBit(Question("a hang"));
    EXPECT_THAT(BlockOn(reader.Read()), IsOk());
  }
  EXPECT_TRUE(service_.journal().Await("cancelled"));
  auto reader = library_->AskBitByBit(Question("a hang"));
  EXPECT_THAT(BlockOn(reader.Read()), IsOk());
  reader.Cancel();
  EXPECT_THAT(BlockOn(reader.Read()), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_TRUE(service_.journal().Await("cancelled", 2));
}

TEST_F(ApiClientTest, RefusesWhatIsNoRequestOfAnApi) {
  EXPECT_THAT(BlockOn(library_->Plain(api::v1::WatchRequest())),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("/api.v1.Library/Plain is no")));
  EXPECT_THAT(BlockOn(library_->Ask(api::v1::AskRequest())),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("model is empty")));
  for (const char* url : {"ftp://x", "http://x/?q=1"}) {
    api::v1::Library::Stub stub(runnel::ApiChannel::Connect(io_.executor(), url));
    EXPECT_THAT(BlockOn(stub.Ask(Question("a"))), StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST_F(ApiClientTest, SaysThatTheServerIsNotThere) {
  runnel::ApiChannelOptions options;
  options.retry.max_attempts = 1;
  api::v1::Library::Stub stub(
      runnel::ApiChannel::Connect(io_.executor(), "http://127.0.0.1:1", options));
  EXPECT_THAT(BlockOn(stub.Ask(Question("a"))), StatusIs(absl::StatusCode::kUnavailable));
  absl::Status status;
  ReadAll(stub.AskBitByBit(Question("a")), status);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace end_to_end
