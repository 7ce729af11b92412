// Generated stubs call generated services, over a real connection.

#include <memory>
#include <optional>
#include <vector>

#include "chat/v1/chat.runnel.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "legacy/store.runnel.h"
#include "runnel/client.h"
#include "runnel/server.h"
#include "words/messages.runnel.h"

namespace {

using ::chat::v1::Chat;
using ::chat::v1::ChatMessage;
using ::chat::v1::Chunk;
using ::chat::v1::PostRequest;
using ::chat::v1::PostResponse;
using ::chat::v1::Summary;
using ::chat::v1::WatchRequest;
using ::runnel::Awaitable;
using ::testing::ElementsAre;

class Echo : public Chat::Service {
 public:
  Awaitable<absl::StatusOr<PostResponse>> Post(runnel::ServerContext&,
                                               const PostRequest& request) override {
    PostResponse response;
    response.set_number(static_cast<int64_t>(request.text().size()));
    co_return response;
  }
  Awaitable<absl::Status> Watch(runnel::ServerContext&, const WatchRequest& request,
                                runnel::Writer<ChatMessage>& writer) override {
    for (int64_t i = 1; i <= 3; ++i) {
      ChatMessage message;
      message.set_number(request.after() + i);
      RUNNEL_CO_RETURN_IF_ERROR(co_await writer.Write(message));
    }
    co_return absl::OkStatus();
  }
  Awaitable<absl::StatusOr<Summary>> Upload(runnel::ServerContext&,
                                            runnel::Reader<Chunk>& reader) override {
    Summary summary;
    for (;;) {
      RUNNEL_CO_ASSIGN_OR_RETURN(std::optional<Chunk> chunk, co_await reader.Read());
      if (!chunk) co_return summary;
      summary.set_bytes(summary.bytes() + static_cast<int64_t>(chunk->data().size()));
    }
  }
  Awaitable<absl::Status> Converse(runnel::ServerContext&, runnel::Reader<PostRequest>& reader,
                                   runnel::Writer<ChatMessage>& writer) override {
    for (;;) {
      RUNNEL_CO_ASSIGN_OR_RETURN(std::optional<PostRequest> request, co_await reader.Read());
      if (!request) co_return absl::OkStatus();
      ChatMessage message;
      message.set_text(request->text());
      RUNNEL_CO_RETURN_IF_ERROR(co_await writer.Write(message));
    }
  }
};

class Words : public words::v1::Words::Service {
 public:
  Awaitable<absl::StatusOr<words::v1::delete_>> delete___(runnel::ServerContext&,
                                                          const words::v1::int_&) override {
    co_return words::v1::delete_();
  }
};

// A server on a free port with the services above and some that implement nothing.
class GeneratedCallTest : public ::testing::Test {
 protected:
  GeneratedCallTest() {
    for (runnel::Service* service : std::vector<runnel::Service*>{&echo_, &words_, &orders_}) {
      EXPECT_EQ(server_.AddService(*service), absl::OkStatus());
    }
    EXPECT_EQ(server_.Start(), absl::OkStatus());
    channel_ = runnel::Channel::Connect(io_.executor(), server_.url());
  }

  static runnel::ServerOptions FreePort() {
    runnel::ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.threads = 1;
    return options;
  }

  Echo echo_;
  Words words_;
  legacy::deep::store::Orders::Service orders_;
  runnel::Server server_{FreePort()};
  runnel::IoThread io_;
  std::shared_ptr<runnel::Channel> channel_;
};

TEST_F(GeneratedCallTest, Unary) {
  Chat::Stub stub(channel_);
  PostRequest request;
  request.set_text("hello");
  absl::StatusOr<PostResponse> response = io_.BlockOn(stub.Post(request));
  ASSERT_EQ(response.status(), absl::OkStatus());
  EXPECT_EQ(response->number(), 5);
}

TEST_F(GeneratedCallTest, ServerStream) {
  Chat::Stub stub(channel_);
  WatchRequest request;
  request.set_after(7);
  runnel::ClientReader<ChatMessage> reader = stub.Watch(request);
  std::vector<int64_t> numbers;
  for (;;) {
    absl::StatusOr<std::optional<ChatMessage>> message = io_.BlockOn(reader.Read());
    ASSERT_EQ(message.status(), absl::OkStatus());
    if (!*message) break;
    numbers.push_back((*message)->number());
  }
  EXPECT_THAT(numbers, ElementsAre(8, 9, 10));
}

TEST_F(GeneratedCallTest, ClientStream) {
  Chat::Stub stub(channel_);
  runnel::ClientWriter<Chunk, Summary> writer = stub.Upload();
  Chunk chunk;
  chunk.set_data("12345");
  EXPECT_EQ(io_.BlockOn(writer.Write(chunk)), absl::OkStatus());
  EXPECT_EQ(io_.BlockOn(writer.Write(chunk)), absl::OkStatus());
  absl::StatusOr<Summary> summary = io_.BlockOn(writer.Finish());
  ASSERT_EQ(summary.status(), absl::OkStatus());
  EXPECT_EQ(summary->bytes(), 10);
}

TEST_F(GeneratedCallTest, Bidi) {
  Chat::Stub stub(channel_);
  runnel::ClientStream<PostRequest, ChatMessage> stream = stub.Converse();
  for (const char* text : {"one", "two"}) {
    PostRequest request;
    request.set_text(text);
    EXPECT_EQ(io_.BlockOn(stream.Write(request)), absl::OkStatus());
    absl::StatusOr<std::optional<ChatMessage>> message = io_.BlockOn(stream.Read());
    ASSERT_EQ(message.status(), absl::OkStatus());
    ASSERT_TRUE(*message);
    EXPECT_EQ((*message)->text(), text);
  }
  EXPECT_EQ(io_.BlockOn(stream.WritesDone()), absl::OkStatus());
  absl::StatusOr<std::optional<ChatMessage>> end = io_.BlockOn(stream.Read());
  ASSERT_EQ(end.status(), absl::OkStatus());
  EXPECT_FALSE(*end);
}

TEST_F(GeneratedCallTest, EscapedNameIsCalledByItsProtoName) {
  words::v1::Words::Stub stub(channel_);
  EXPECT_EQ(io_.BlockOn(stub.delete___(words::v1::int_())).status(), absl::OkStatus());
}

TEST_F(GeneratedCallTest, WhatIsNotOverriddenIsUnimplemented) {
  legacy::deep::store::Orders::Stub orders(channel_);
  EXPECT_EQ(io_.BlockOn(orders.Change({})).status(),
            absl::UnimplementedError("legacy.deep.store.Orders.Change is not implemented"));

  auto reasons = orders.Reasons();
  EXPECT_EQ(io_.BlockOn(reasons.Finish()).status(),
            absl::UnimplementedError("legacy.deep.store.Orders.Reasons is not implemented"));

  words::v1::Words::Stub words(channel_);
  auto reader = words.delete_(words::v1::delete_());
  EXPECT_EQ(io_.BlockOn(reader.Read()).status(),
            absl::UnimplementedError("words.v1.Words.delete_ is not implemented"));
}

}  // namespace
