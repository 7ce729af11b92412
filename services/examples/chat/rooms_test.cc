#include "services/examples/chat/rooms.h"

#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "runnel/client.h"

namespace examples::chat {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

class RoomsTest : public ::testing::Test {
 protected:
  absl::StatusOr<Rooms::Membership> TryJoin(const std::string& room, const std::string& name) {
    return rooms_.Join(room, name, io_.executor(), kNow);
  }
  Rooms::Membership Join(const std::string& name) {
    absl::StatusOr<Rooms::Membership> joined = TryJoin("lobby", name);
    EXPECT_TRUE(joined.ok()) << joined.status();
    return *std::move(joined);
  }
  void Say(const std::string& name, const std::string& text) {
    absl::Status said = rooms_.Say("lobby", name, text, kNow);
    EXPECT_TRUE(said.ok()) << said;
  }
  static std::string Names(const Rooms::Membership& member) {
    std::string text = "welcome";
    for (const std::string& name : member.welcome.welcome().names()) text += " " + name;
    return text;
  }
  // The next event in short.
  std::string Take(Rooms::Membership& member) {
    auto event = io_.BlockOn(member.events.Next());
    if (!event.ok()) return event.status().ToString();
    if (*event == nullptr) return "closed";
    const v1::RoomEvent& e = **event;
    switch (e.kind_case()) {
      case v1::RoomEvent::kJoined:
        return "joined " + e.joined().name();
      case v1::RoomEvent::kLeft:
        return "left " + e.left().name();
      case v1::RoomEvent::kSaid:
        return e.said().name() + ": " + e.said().text();
      default:
        return "?";
    }
  }

  runnel::IoThread io_;
  Rooms rooms_{3};
};

TEST_F(RoomsTest, TellsEverybodyWhatHappens) {
  auto ada = Join("ada");
  auto bob = Join("bob");
  EXPECT_EQ(Names(ada), "welcome ada");
  EXPECT_EQ(Names(bob), "welcome ada bob");
  Say("bob", "hi");
  rooms_.Leave("lobby", "ada", kNow);
  EXPECT_EQ(Take(ada), "joined bob");
  EXPECT_EQ(Take(ada), "bob: hi");
  EXPECT_EQ(Take(bob), "bob: hi");
  EXPECT_EQ(Take(bob), "left ada");
}

TEST_F(RoomsTest, KeepsRoomsApart) {
  auto ada = Join("ada");
  ASSERT_TRUE(TryJoin("attic", "ada").ok());
  ASSERT_TRUE(rooms_.Say("attic", "ada", "anyone?", kNow).ok());
  Say("ada", "here");
  EXPECT_EQ(Take(ada), "ada: here");
}

TEST_F(RoomsTest, RefusesNamesThatAreTaken) {
  auto ada = Join("ada");
  EXPECT_EQ(TryJoin("lobby", "ada").status().code(), absl::StatusCode::kAlreadyExists);
  rooms_.Leave("lobby", "ada", kNow);
  EXPECT_TRUE(TryJoin("lobby", "ada").ok());
}

TEST_F(RoomsTest, RefusesNamesAndTextsThatNobodyCouldRead) {
  for (std::string name : {std::string(), std::string(65, 'x'), std::string("a\x1b[2Jb")}) {
    EXPECT_EQ(TryJoin("lobby", name).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(TryJoin(name, "ada").status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(rooms_.Say("lobby", "ada", std::string(4097, 'x'), kNow).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(RoomsTest, ListsRoomsThatHaveSomebodyInThem) {
  auto ada = Join("ada");
  auto bob = Join("bob");
  ASSERT_EQ(rooms_.List().rooms_size(), 1);
  EXPECT_EQ(rooms_.List().rooms(0).name(), "lobby");
  EXPECT_EQ(rooms_.List().rooms(0).people(), 2);
  rooms_.Leave("lobby", "ada", kNow);
  rooms_.Leave("lobby", "bob", kNow);
  EXPECT_EQ(rooms_.List().rooms_size(), 0);
}

TEST_F(RoomsTest, CountsWhatSlowMembersMiss) {
  auto slow = Join("slow");
  for (int i = 1; i <= 6; ++i) Say("slow", std::to_string(i));
  EXPECT_EQ(Take(slow), "slow: 4");
  EXPECT_EQ(slow.events.missed(), 3u);
}

TEST_F(RoomsTest, WakesMembersWhoWait) {
  auto ada = Join("ada");
  std::thread speaker([&] { Say("ada", "from another thread"); });
  EXPECT_EQ(Take(ada), "ada: from another thread");
  speaker.join();
}

}  // namespace
}  // namespace examples::chat
