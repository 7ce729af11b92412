#include "runtime/core/message_json.h"

#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/dynamic_message.h"
#include "gtest/gtest.h"
#include "runtime/core/codec.h"
#include "runtime/core/codec_test.pb.h"
#include "runtime/core/codec_test2.pb.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using core_test::Named;
using core_test::Room;
using google::protobuf::Message;
using ::testing::HasSubstr;

// Stands in for generated code.
absl::Status Write(const Message& message, std::string& out) {
  const auto& room = static_cast<const Room&>(message);
  out += "room of " + std::to_string(room.seats());
  return room.seats() < 0 ? absl::InvalidArgumentError("too few seats") : absl::OkStatus();
}

absl::Status Read(std::string_view json, const Limits&, Message& message) {
  static_cast<Room&>(message).set_name(std::string(json));
  return absl::OkStatus();
}

bool HasValidUtf8(const Message& message) { return static_cast<const Room&>(message).seats() != 7; }

const Message& RoomPrototype() { return Room::default_instance(); }

// Twice, as when two files send the same message.
const MessageJsonRegistration first(&RoomPrototype, MessageJson{&Write, &Read, &HasValidUtf8});
const MessageJsonRegistration second(&RoomPrototype, MessageJson{&Write, &Read, &HasValidUtf8});

TEST(MessageJsonTest, IsFoundByTheClassOfAMessage) {
  EXPECT_NE(FindMessageJson(Room()), nullptr);
  EXPECT_EQ(FindMessageJson(Named()), nullptr);
  google::protobuf::DynamicMessageFactory factory;
  EXPECT_EQ(FindMessageJson(*factory.GetPrototype(Room::descriptor())), nullptr);
}

TEST(MessageJsonTest, IsFoundFromManyThreads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int round = 0; round < 100; ++round) EXPECT_NE(FindMessageJson(Room()), nullptr);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(MessageJsonTest, IsFoundWhenItComesLater) {
  EXPECT_EQ(FindMessageJson(Named()), nullptr);
  const auto prototype = []() -> const Message& { return Named::default_instance(); };
  // For good: it stays in the list.
  new MessageJsonRegistration(prototype, MessageJson{&Write, &Read, &HasValidUtf8});
  EXPECT_NE(FindMessageJson(Named()), nullptr);
  EXPECT_NE(FindMessageJson(Room()), nullptr);
}

TEST(MessageJsonTest, CodecUsesIt) {
  Room room;
  room.set_seats(3);
  std::string out;
  EXPECT_THAT(EncodeMessage(Codec::kJson, room, out), IsOk());
  EXPECT_EQ(out, "room of 3");
  EXPECT_THAT(DecodeMessage(Codec::kJson, "anything", Limits(), room), IsOk());
  EXPECT_EQ(room.name(), "anything");
}

TEST(MessageJsonTest, CodecSaysWhatIsWrongAndLeavesTheOutputAlone) {
  Room room;
  room.set_seats(-1);
  std::string out = "before";
  EXPECT_THAT(EncodeMessage(Codec::kJson, room, out),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("core_test.Room as JSON: too few seats")));
  EXPECT_EQ(out, "before");
  // The path of a bad string comes from reflection, whatever the generated check says.
  room.set_seats(7);
  EXPECT_THAT(EncodeMessage(Codec::kProto, room, out), IsOk());
  room.add_names("\xff");
  EXPECT_THAT(
      EncodeMessage(Codec::kProto, room, out),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("Room.names[0] is not valid")));
}

}  // namespace
}  // namespace runnel
