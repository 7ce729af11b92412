// The stubs of the examples that have the forms of OpenAI's and of Anthropic's API: against the
// examples' servers, and against bytes as those APIs send them.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runnel/api_channel.h"
#include "runnel/server.h"
#include "runtime/client/scripted_http.h"
#include "runtime/core/status_details.h"
#include "runtime/testing/status_matchers.h"
#include "services/examples/completions/completions_service.h"
#include "services/examples/messages/messages_service.h"
#include "tests/end_to_end/world.h"

namespace end_to_end {
namespace {

namespace completions = ::examples::completions::v1;
namespace messages = ::examples::messages::v1;
using ::runnel::IsOk;
using ::runnel::StatusIs;
using ::runnel::scripted::Answer;
using ::runnel::scripted::Script;
using ::runnel::scripted::Step;
using ::runnel::scripted::Stream;
using ::runnel::scripted::Then;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Strings = std::vector<std::string>;

class ApiExamplesTest : public ::testing::Test {
 protected:
  template <typename T>
  T BlockOn(runnel::Awaitable<T> task) {
    return io_.BlockOn(Detached(std::move(task)));
  }

  // What the chunks say; and how it ended.
  Strings ReadAll(runnel::ClientReader<completions::Chunk> reader, absl::Status& status) {
    Strings texts;
    while (true) {
      const auto chunk = BlockOn(reader.Read());
      status = chunk.status();
      if (!chunk.ok() || !*chunk) return texts;
      texts.push_back((*chunk)->choices_size() == 0 ? "(none)"
                                                    : (*chunk)->choices(0).delta().content());
    }
  }
  // The names of the events, and what the deltas say.
  Strings ReadAll(runnel::ClientReader<messages::StreamEvent> reader, absl::Status& status) {
    Strings seen;
    while (true) {
      const auto event = BlockOn(reader.Read());
      status = event.status();
      if (!event.ok() || !*event) return seen;
      const auto& delta = (*event)->content_block_delta().delta();
      const auto* field =
          messages::StreamEvent::descriptor()->FindFieldByNumber((*event)->event_case());
      seen.push_back((*event)->has_content_block_delta() ? delta.type() + ":" + delta.text()
                                                         : field->name());
    }
  }

  static completions::CreateRequest Ask(const std::string& text) {
    completions::CreateRequest request;
    request.set_model("markov-alice");
    completions::Message& message = *request.add_messages();
    message.set_role("user");
    message.mutable_content()->set_string_value(text);
    request.set_seed(7);
    return request;
  }
  static messages::CreateRequest Tell(const std::string& text) {
    messages::CreateRequest request;
    request.set_model("markov-alice");
    request.set_max_tokens(3);
    messages::CreateRequest::Turn& turn = *request.add_messages();
    turn.set_role("user");
    turn.mutable_content()->set_string_value(text);
    return request;
  }

  runnel::IoThread io_;
};

class ApiExampleServersTest : public ApiExamplesTest {
 protected:
  void Start(examples::markov::AnswerOptions options) {
    server_.reset();
    completions_service_.emplace(options);
    messages_service_.emplace(options);
    runnel::ServerOptions server;
    server.listen = "127.0.0.1:0";
    server_.emplace(server);
    ASSERT_THAT(server_->AddService(*completions_service_), IsOk());
    ASSERT_THAT(server_->AddService(*messages_service_), IsOk());
    ASSERT_THAT(server_->Start(), IsOk());
    auto channel = runnel::ApiChannel::Connect(io_.executor(), server_->url());
    completions_.emplace(channel);
    messages_.emplace(channel);
  }
  void SetUp() override { Start({}); }

  std::optional<examples::completions::CompletionsService> completions_service_;
  std::optional<examples::messages::MessagesService> messages_service_;
  std::optional<runnel::Server> server_;
  std::optional<completions::Completions::Stub> completions_;
  std::optional<messages::Messages::Stub> messages_;
};

TEST_F(ApiExampleServersTest, CompletesInOnePieceAsWordByWord) {
  const auto whole = BlockOn(completions_->Create(Ask("the Rabbit")));
  ASSERT_THAT(whole, IsOk());
  const std::string& text = whole->choices(0).message().content();
  EXPECT_EQ(whole->choices(0).finish_reason(), "stop");
  EXPECT_EQ(static_cast<size_t>(whole->usage().completion_tokens()),
            examples::markov::CountWords(text));
  absl::Status status;
  std::string streamed;
  for (const std::string& word : ReadAll(completions_->Stream(Ask("the Rabbit")), status)) {
    streamed += word;
  }
  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(streamed, text);
  const auto models = BlockOn(completions_->ListModels({}));
  ASSERT_THAT(models, IsOk());
  EXPECT_EQ(models->data(0).id(), "markov-alice");
}

TEST_F(ApiExampleServersTest, TellsMessagesAsEvents) {
  absl::Status status;
  EXPECT_THAT(ReadAll(messages_->Stream(Tell("x")), status),
              ElementsAre("message_start", "content_block_start", "ping", HasSubstr("text_delta:"),
                          HasSubstr("text_delta:"), HasSubstr("text_delta:"), "content_block_stop",
                          "message_delta", "message_stop"));
  EXPECT_THAT(status, IsOk());
  const auto whole = BlockOn(messages_->Create(Tell("x")));
  ASSERT_THAT(whole, IsOk());
  EXPECT_EQ(whole->stop_reason(), "max_tokens");
  EXPECT_EQ(whole->usage().output_tokens(), 3);
}

TEST_F(ApiExampleServersTest, TellsErrorsBeforeAndInStreams) {
  completions::CreateRequest request = Ask("x");
  request.set_model("other");
  absl::Status status = BlockOn(completions_->Create(request)).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound, HasSubstr("no model \"other\"")));
  EXPECT_THAT(ReadAll(messages_->Stream({}), status), IsEmpty());
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound));
  request = Ask("x");
  request.mutable_messages(0)->mutable_content()->set_number_value(1);
  ReadAll(completions_->Stream(request), status);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("a list of parts")));
  EXPECT_EQ(runnel::GetErrorInfo(status)->reason, "invalid_request_error");

  examples::markov::AnswerOptions breaking;
  breaking.break_after = 2;
  Start(breaking);
  EXPECT_EQ(ReadAll(completions_->Stream(Ask("x")), status).size(), 3u);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("after 2 words")));
  EXPECT_EQ(ReadAll(messages_->Stream(Tell("x")), status).size(), 5u);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("after 2 words")));
  EXPECT_EQ(runnel::GetErrorInfo(status)->reason, "overloaded_error");
}

// Bytes of a response, whole and byte by byte.
class ApiTranscriptTest : public ApiExamplesTest, public ::testing::WithParamInterface<bool> {
 protected:
  runnel::ApiChannelOptions Options() {
    runnel::ApiChannelOptions options;
    options.http = runnel::scripted::HttpOf(script_);
    options.headers = {{"authorization", "Bearer k"}};
    options.retry.first_pause = absl::Milliseconds(1);
    return options;
  }
  // Requests to come find these; nothing follows unless `then` says so.
  void Play(const std::string& bytes, Then then = Then::kHang) {
    Strings pieces = {bytes};
    if (GetParam()) {
      pieces.clear();
      for (const char byte : bytes) pieces.emplace_back(1, byte);
    }
    script_->steps.push_back(Stream(std::move(pieces), then));
  }
  completions::Completions::Stub Completions() {
    return completions::Completions::Stub(
        runnel::ApiChannel::Connect(io_.executor(), "http://api.example/base/", Options()));
  }
  messages::Messages::Stub Messages() {
    return messages::Messages::Stub(
        runnel::ApiChannel::Connect(io_.executor(), "http://api.example", Options()));
  }

  std::shared_ptr<Script> script_ = std::make_shared<Script>();
};

constexpr char kChunks[] =
    "data: "
    "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1763770000,\"model\":\"m\","
    "\"service_tier\":\"default\",\"system_fingerprint\":null,\"choices\":[{\"index\":0,\"delta\":"
    "{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null},\"logprobs\":null,"
    "\"finish_reason\":null}],\"obfuscation\":\"x\"}\n\n"
    ": keep-alive\n\n"
    "data: "
    "{\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Caf\xc3\xa9\"}}]}\r\n\r\n";
constexpr char kUsage[] =
    "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"total_tokens\":7}}\n\n";

TEST_P(ApiTranscriptTest, ReadsChunksUpToTheSentinel) {
  Play(std::string(kChunks) + kUsage + "data: [DONE]\n\n");
  absl::Status status;
  EXPECT_THAT(ReadAll(Completions().Stream(Ask("x")), status),
              ElementsAre("", "Caf\xc3\xa9", "(none)"));
  EXPECT_THAT(status, IsOk());
  ASSERT_EQ(script_->seen.size(), 1u);
  EXPECT_EQ(script_->seen[0].origin, "http://api.example");
  EXPECT_EQ(script_->seen[0].method, "POST");
  EXPECT_EQ(script_->seen[0].target, "/base/v1/chat/completions");
  EXPECT_EQ(script_->seen[0].body,
            "{\"model\":\"markov-alice\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],"
            "\"stream\":true,\"seed\":7}");
  EXPECT_EQ(script_->seen[0].Header("content-type"), "application/json");
  EXPECT_EQ(script_->seen[0].Header("authorization"), "Bearer k");
}

TEST_P(ApiTranscriptTest, KnowsThatChunksWereCut) {
  Play(kChunks, Then::kEnd);
  absl::Status status;
  EXPECT_THAT(ReadAll(Completions().Stream(Ask("x")), status), ElementsAre("", "Caf\xc3\xa9"));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDataLoss));
  Play(kChunks, Then::kBreak);
  EXPECT_THAT(ReadAll(Completions().Stream(Ask("x")), status), ElementsAre("", "Caf\xc3\xa9"));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(script_->seen.size(), 2u);
}

TEST_P(ApiTranscriptTest, ReadsErrorsInChunks) {
  Play(std::string(kChunks) +
       "data: {\"error\":{\"message\":\"The server had an error\",\"type\":\"server_error\","
       "\"param\":null,\"code\":null}}\n\n");
  absl::Status status;
  EXPECT_THAT(ReadAll(Completions().Stream(Ask("x")), status), ElementsAre("", "Caf\xc3\xa9"));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnknown, "The server had an error"));
  EXPECT_EQ(runnel::GetErrorInfo(status)->reason, "server_error");
}

TEST_P(ApiTranscriptTest, EndsAtDataThatIsNoChunk) {
  Play(std::string(kChunks) + "data: oops\n\n");
  absl::Status status;
  EXPECT_THAT(ReadAll(Completions().Stream(Ask("x")), status), ElementsAre("", "Caf\xc3\xa9"));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("its data: oops")));
}

constexpr char kMessageStart[] =
    "event: message_start\n"
    "data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":"
    "\"assistant\",\"model\":\"m\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,"
    "\"usage\":{\"input_tokens\":25,\"cache_read_input_tokens\":0,\"output_tokens\":1}}}\n\n"
    "event: content_block_start\n"
    "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\","
    "\"text\":\"\"}}\n\n"
    "event: ping\ndata: {\"type\": \"ping\"}\n\n"
    "event: content_block_delta\n"
    "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
    "\"text\":\"Hello\"}}\n\n"
    "event: content_block_delta\n"
    "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"thinking_delta\","
    "\"thinking\":\"hm\"}}\n\n";
constexpr char kMessageEnd[] =
    "event: vibe_check\ndata: {\"type\":\"vibe_check\",\"vibes\":\"good\"}\n\n"
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
    "event: message_delta\n"
    "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":"
    "{\"output_tokens\":15}}\n\n"
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

TEST_P(ApiTranscriptTest, ReadsNamedEventsAndPassesOverUnknownOnes) {
  Play(std::string(kMessageStart) + kMessageEnd);
  absl::Status status;
  EXPECT_THAT(
      ReadAll(Messages().Stream(Tell("x")), status),
      ElementsAre("message_start", "content_block_start", "ping", "text_delta:Hello",
                  "thinking_delta:", "content_block_stop", "message_delta", "message_stop"));
  EXPECT_THAT(status, IsOk());
}

TEST_P(ApiTranscriptTest, ReadsErrorEvents) {
  Play(std::string(kMessageStart) +
       "event: error\n"
       "data: {\"type\": \"error\", \"error\": {\"type\": \"overloaded_error\", \"message\": "
       "\"Overloaded\"}}\n\n");
  absl::Status status;
  EXPECT_EQ(ReadAll(Messages().Stream(Tell("x")), status).size(), 5u);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, "Overloaded"));
  EXPECT_EQ(runnel::GetErrorInfo(status)->reason, "overloaded_error");
}

TEST_P(ApiTranscriptTest, KnowsThatEventsWereCut) {
  Play(kMessageStart, Then::kEnd);
  absl::Status status;
  ReadAll(Messages().Stream(Tell("x")), status);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDataLoss));
}

INSTANTIATE_TEST_SUITE_P(Whole, ApiTranscriptTest, ::testing::Values(false));
INSTANTIATE_TEST_SUITE_P(ByteByByte, ApiTranscriptTest, ::testing::Values(true));

class ApiRefusalTest : public ApiTranscriptTest {};
INSTANTIATE_TEST_SUITE_P(Whole, ApiRefusalTest, ::testing::Values(false));

const runnel::HttpHeaders kJson = {{"content-type", "application/json"}};

TEST_P(ApiRefusalTest, TellsWhatTheServerSays) {
  const Step refused = Answer(
      401, kJson, R"({"error":{"message":"Incorrect API key","type":"invalid_request_error"}})");
  script_->steps = {refused, refused};
  absl::Status status = BlockOn(Completions().Create(Ask("x"))).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, "Incorrect API key"));
  EXPECT_EQ(runnel::GetErrorInfo(status)->metadata.at("http_status"), "401");
  EXPECT_EQ(script_->seen[0].Header("accept"), "application/json");
  ReadAll(Completions().Stream(Ask("x")), status);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, "Incorrect API key"));
}

TEST_P(ApiRefusalTest, ShowsWhatIsNoErrorOfTheApi) {
  const Step refused = Answer(403, {{"content-type", "text/html"}}, "<h1>No</h1>");
  script_->steps = {refused, refused};
  absl::Status status = BlockOn(Completions().Create(Ask("x"))).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kPermissionDenied,
                               "HTTP 403 of http://api.example/base/v1/chat/completions: "
                               "<h1>No</h1>"));
  ReadAll(Completions().Stream(Ask("x")), status);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("<h1>No</h1>")));
}

TEST_P(ApiRefusalTest, IsAskedAgainWhereThatMayHelp) {
  const Step busy = Answer(529, kJson, R"({"error":{"type":"overloaded_error","message":"m"}})");
  script_->steps = {busy, busy, Answer(200, kJson, R"({"id":"1","unknown":[]})")};
  const auto message = BlockOn(Messages().Create(Tell("x")));
  ASSERT_THAT(message, IsOk());
  EXPECT_EQ(message->id(), "1");
  script_->steps = {busy};
  Play(std::string(kMessageStart) + kMessageEnd);
  absl::Status status;
  EXPECT_EQ(ReadAll(Messages().Stream(Tell("x")), status).size(), 8u);
  EXPECT_THAT(status, IsOk());
  script_->steps = {busy, busy, busy};
  EXPECT_THAT(BlockOn(Messages().Create(Tell("x"))), StatusIs(absl::StatusCode::kUnavailable, "m"));
  EXPECT_EQ(script_->seen.size(), 8u);
}

TEST_P(ApiRefusalTest, TakesAnswersThatAreNone) {
  script_->steps = {Answer(200, kJson, "oops"), Answer(200, kJson, "{}")};
  EXPECT_THAT(BlockOn(Messages().Create(Tell("x"))),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("the server's answer")));
  absl::Status status;
  ReadAll(Messages().Stream(Tell("x")), status);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnknown, HasSubstr("application/json")));
}

}  // namespace
}  // namespace end_to_end
