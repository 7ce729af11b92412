#include "services/examples/chat/chat_service.h"

#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/examples/shared/example_server.h"

namespace examples::chat {
namespace {

using ::testing::ElementsAre;
using Stream = runnel::ClientStream<v1::ClientMessage, v1::RoomEvent>;

class ChatServiceTest : public ::testing::Test {
 protected:
  // Each on a channel of its own, as different people are.
  Stream Converse() {
    return v1::Chat::Stub(runnel::Channel::Connect(io_.executor(), server_.url())).Converse();
  }
  void Join(Stream& stream, const std::string& name, const std::string& room = "lobby") {
    v1::ClientMessage message;
    message.mutable_join()->set_room(room);
    message.mutable_join()->set_name(name);
    Write(stream, message);
  }
  void Say(Stream& stream, const std::string& text) {
    v1::ClientMessage message;
    message.mutable_say()->set_text(text);
    Write(stream, message);
  }
  void Write(Stream& stream, const v1::ClientMessage& message) {
    absl::Status written = io_.BlockOn(stream.Write(message));
    EXPECT_TRUE(written.ok()) << written;
  }
  v1::RoomEvent Next(Stream& stream) { return server_.Next(stream); }
  absl::Status End(Stream& stream) { return server_.End(stream); }

  ChatService service_;
  ExampleServer server_{&service_};
  runnel::IoThread io_;
};

TEST_F(ChatServiceTest, LetsThreePeopleTalk) {
  Stream ada = Converse(), bob = Converse(), eve = Converse();
  Join(ada, "ada");
  EXPECT_THAT(Next(ada).welcome().names(), ElementsAre("ada"));
  Join(bob, "bob");
  EXPECT_THAT(Next(bob).welcome().names(), ElementsAre("ada", "bob"));
  EXPECT_EQ(Next(ada).joined().name(), "bob");
  Join(eve, "eve");
  EXPECT_THAT(Next(eve).welcome().names(), ElementsAre("ada", "bob", "eve"));
  EXPECT_EQ(Next(ada).joined().name(), "eve");
  EXPECT_EQ(Next(bob).joined().name(), "eve");
  Say(ada, "hello");
  for (Stream* stream : {&ada, &bob, &eve}) {
    const v1::RoomEvent event = Next(*stream);
    EXPECT_EQ(event.said().name(), "ada");
    EXPECT_EQ(event.said().text(), "hello");
    EXPECT_TRUE(event.has_time());
  }
}

TEST_F(ChatServiceTest, SendsEverybodyTheSameOrder) {
  Stream ada = Converse(), bob = Converse();
  Join(ada, "ada");
  Next(ada);
  Join(bob, "bob");
  Next(bob);
  Next(ada);
  for (int i = 0; i < 50; ++i) {
    Say(ada, "a" + std::to_string(i));
    Say(bob, "b" + std::to_string(i));
  }
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(Next(ada).said().text(), Next(bob).said().text());
  }
}

TEST_F(ChatServiceTest, ShowsThatSomebodyLeft) {
  Stream ada = Converse(), bob = Converse();
  Join(ada, "ada");
  Next(ada);
  Join(bob, "bob");
  Next(bob);
  Next(ada);
  ASSERT_TRUE(io_.BlockOn(bob.WritesDone()).ok());
  EXPECT_EQ(Next(ada).left().name(), "bob");
  EXPECT_EQ(End(bob), absl::OkStatus());
}

TEST_F(ChatServiceTest, ShowsThatSomebodyWentAway) {
  Stream ada = Converse();
  Join(ada, "ada");
  Next(ada);
  {
    Stream bob = Converse();
    Join(bob, "bob");
    Next(bob);
    EXPECT_EQ(Next(ada).joined().name(), "bob");
  }
  EXPECT_EQ(Next(ada).left().name(), "bob");
}

TEST_F(ChatServiceTest, RefusesNamesThatAreTaken) {
  Stream ada = Converse(), other = Converse();
  Join(ada, "ada");
  Next(ada);
  Join(other, "ada");
  EXPECT_EQ(End(other).code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(ChatServiceTest, WantsToKnowFirstWhoOneIs) {
  Stream stream = Converse();
  Say(stream, "hello");
  EXPECT_EQ(End(stream).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ChatServiceTest, EndsTheCallAtAnEmptyMessageAndTheMemberLeaves) {
  Stream ada = Converse(), bob = Converse();
  Join(ada, "ada");
  Next(ada);
  Join(bob, "bob");
  Next(bob);
  Next(ada);
  Say(bob, "");
  EXPECT_EQ(End(bob).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Next(ada).left().name(), "bob");
}

TEST_F(ChatServiceTest, ListsRooms) {
  Stream ada = Converse();
  Join(ada, "ada", "attic");
  Next(ada);
  v1::Chat::Stub chat(server_.channel());
  absl::StatusOr<v1::ListRoomsResponse> rooms = server_.BlockOn(chat.ListRooms({}));
  ASSERT_TRUE(rooms.ok()) << rooms.status();
  ASSERT_EQ(rooms->rooms_size(), 1);
  EXPECT_EQ(rooms->rooms(0).name(), "attic");
  EXPECT_EQ(rooms->rooms(0).people(), 1);
}

}  // namespace
}  // namespace examples::chat
