// What the generator wrote for the .proto files here, compiled together: names, tables, mocks.
// generated_call_test.cc makes calls.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/v1/chat.runnel.h"
#include "chat/v1/chat.runnel_mock.h"
#include "comments.runnel.h"
#include "comments.runnel_mock.h"
#include "deprecated.runnel.h"
#include "deprecated.runnel_mock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "legacy/store.runnel.h"
#include "legacy/store.runnel_mock.h"
#include "no_package.runnel.h"
#include "no_package.runnel_mock.h"
#include "runtime/async/io_thread.h"
#include "runtime/core/status_macros.h"
#include "shared/all.runnel.h"
#include "shared/all.runnel_mock.h"
#include "shared/base/types.runnel.h"
#include "shared/base/types.runnel_mock.h"
#include "words/imported.runnel.h"
#include "words/imported.runnel_mock.h"
#include "words/messages.runnel.h"
#include "words/messages.runnel_mock.h"
#include "words/services.runnel.h"
#include "words/services.runnel_mock.h"

namespace {

using ::chat::v1::Chat;
using ::chat::v1::PostRequest;
using ::chat::v1::PostResponse;
using ::runnel::Awaitable;
using ::testing::ElementsAre;

template <typename Service>
std::vector<std::string> Paths() {
  std::vector<std::string> paths;
  Service service;
  for (const runnel::ServerMethod& method : service.runnel_methods()) {
    paths.emplace_back(method.info->path);
  }
  return paths;
}

TEST(GeneratedTest, MethodsCarryPathKindAndOptions) {
  Chat::Service service;
  std::vector<runnel::ServerMethod> methods = service.runnel_methods();
  ASSERT_EQ(methods.size(), 4u);
  EXPECT_EQ(methods[0].info->path, "/chat.v1.Chat/Post");
  EXPECT_EQ(methods[0].info->kind, runnel::CallKind::kUnary);
  EXPECT_EQ(methods[0].info->idempotency, runnel::Idempotency::kUnknown);
  EXPECT_FALSE(methods[0].info->resumable);
  EXPECT_EQ(methods[1].info->path, "/chat.v1.Chat/Watch");
  EXPECT_EQ(methods[1].info->kind, runnel::CallKind::kServerStream);
  EXPECT_EQ(methods[1].info->idempotency, runnel::Idempotency::kNoSideEffects);
  EXPECT_TRUE(methods[1].info->resumable);
  EXPECT_EQ(methods[2].info->kind, runnel::CallKind::kClientStream);
  EXPECT_EQ(methods[3].info->kind, runnel::CallKind::kBidi);
  EXPECT_EQ(legacy::deep::store::Orders::Service().runnel_methods()[1].info->idempotency,
            runnel::Idempotency::kIdempotent);
}

TEST(GeneratedTest, PathsAreThoseOfTheProtoWhateverTheCppName) {
  EXPECT_THAT(Paths<::Pinger::Service>(), ElementsAre("/Pinger/Ping", "/Pinger/Pinger"));
  EXPECT_THAT(Paths<words::v2::delete__::Service>(), ElementsAre("/words.v2.delete/delete"));
  EXPECT_THAT(Paths<words::v2::delete_::Service>(), ElementsAre("/words.v2.delete_/delete_"));
  EXPECT_THAT(Paths<words::v2::class_::Service>(), ElementsAre("/words.v2.class/X"));
  EXPECT_THAT(Paths<words::v2::class__::Service>(), ElementsAre("/words.v2.class_/X"));
  EXPECT_THAT(Paths<words::v2::Service_::Service>(), ElementsAre("/words.v2.Service/Service"));
  EXPECT_EQ(Paths<words::v1::Words::Service>().size(), 35u);
  EXPECT_TRUE(Paths<legacy::deep::store::Nothing::Service>().empty());
}

TEST(GeneratedTest, ServicesKnowTheirFullName) {
  static_assert(Chat::service_full_name() == "chat.v1.Chat");
  static_assert(words::v2::A_B_::service_full_name() == "words.v2.A_B");
  static_assert(::Pinger::service_full_name() == "Pinger");
}

// Code that calls Chat and is tested without a server.
Awaitable<absl::StatusOr<int64_t>> Say(Chat::StubInterface& chat, std::string text) {
  PostRequest request;
  request.set_text(std::move(text));
  RUNNEL_CO_ASSIGN_OR_RETURN(PostResponse response, co_await chat.Post(std::move(request)));
  co_return response.number();
}

Awaitable<absl::StatusOr<PostResponse>> Number(int64_t number) {
  PostResponse response;
  response.set_number(number);
  co_return response;
}

TEST(MockTest, StandsInForAStub) {
  chat::v1::MockChatStub chat;
  EXPECT_CALL(chat, Post).WillOnce([](const PostRequest& request, const runnel::CallOptions&) {
    EXPECT_EQ(request.text(), "hello");
    return Number(42);
  });
  runnel::IoThread io;
  absl::StatusOr<int64_t> number = io.BlockOn(Say(chat, "hello"));
  ASSERT_EQ(number.status(), absl::OkStatus());
  EXPECT_EQ(*number, 42);
}

TEST(MockTest, HasAFreeNameForEachService) {
  words::v2::MockMockStub_ mock;
  words::v2::Mockdelete__Stub escaped;
  (void)mock;
  (void)escaped;
}

}  // namespace
