#include "services/examples/chat/rooms.h"

#include <memory>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "runnel/client.h"
#include "services/examples/chat/mailbox.h"

namespace examples::chat {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

class RoomsTest : public ::testing::Test {
 protected:
  std::shared_ptr<Mailbox> NewMailbox(size_t capacity = 10) {
    return Mailbox::Make(io_.executor(), capacity);
  }
  std::shared_ptr<Mailbox> Join(const std::string& name, size_t capacity = 10) {
    std::shared_ptr<Mailbox> mailbox = NewMailbox(capacity);
    absl::Status joined = rooms_.Join("lobby", name, mailbox, kNow);
    EXPECT_TRUE(joined.ok()) << joined;
    return mailbox;
  }
  void Say(const std::string& name, const std::string& text) {
    absl::Status said = rooms_.Say("lobby", name, text, kNow);
    EXPECT_TRUE(said.ok()) << said;
  }
  // The next event in short.
  std::string Take(const std::shared_ptr<Mailbox>& mailbox) {
    auto event = io_.BlockOn(mailbox->Take());
    if (!event.ok()) return event.status().ToString();
    if (*event == nullptr) return "closed";
    const v1::RoomEvent& e = **event;
    switch (e.kind_case()) {
      case v1::RoomEvent::kWelcome: {
        std::string text = "welcome";
        for (const std::string& name : e.welcome().names()) text += " " + name;
        return text;
      }
      case v1::RoomEvent::kJoined:
        return "joined " + e.joined().name();
      case v1::RoomEvent::kLeft:
        return "left " + e.left().name();
      case v1::RoomEvent::kSaid:
        return e.said().name() + ": " + e.said().text();
      case v1::RoomEvent::kMissed:
        return "missed " + std::to_string(e.missed().events());
      default:
        return "?";
    }
  }

  runnel::IoThread io_;
  Rooms rooms_;
};

TEST_F(RoomsTest, TellsEverybodyWhatHappens) {
  auto ada = Join("ada");
  auto bob = Join("bob");
  Say("bob", "hi");
  rooms_.Leave("lobby", "ada", kNow);
  EXPECT_EQ(Take(ada), "welcome ada");
  EXPECT_EQ(Take(ada), "joined bob");
  EXPECT_EQ(Take(ada), "bob: hi");
  EXPECT_EQ(Take(bob), "welcome ada bob");
  EXPECT_EQ(Take(bob), "bob: hi");
  EXPECT_EQ(Take(bob), "left ada");
}

TEST_F(RoomsTest, KeepsRoomsApart) {
  auto ada = Join("ada");
  auto other = NewMailbox();
  ASSERT_TRUE(rooms_.Join("attic", "ada", other, kNow).ok());
  ASSERT_TRUE(rooms_.Say("attic", "ada", "anyone?", kNow).ok());
  EXPECT_EQ(Take(ada), "welcome ada");
  Say("ada", "here");
  EXPECT_EQ(Take(ada), "ada: here");
}

TEST_F(RoomsTest, RefusesNamesThatAreTaken) {
  auto ada = Join("ada");
  EXPECT_EQ(rooms_.Join("lobby", "ada", NewMailbox(), kNow).code(),
            absl::StatusCode::kAlreadyExists);
  rooms_.Leave("lobby", "ada", kNow);
  EXPECT_TRUE(rooms_.Join("lobby", "ada", NewMailbox(), kNow).ok());
}

TEST_F(RoomsTest, RefusesNamesAndTextsThatNobodyCouldRead) {
  for (std::string name : {std::string(), std::string(65, 'x'), std::string("a\x1b[2Jb")}) {
    EXPECT_EQ(rooms_.Join("lobby", name, NewMailbox(), kNow).code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(rooms_.Join(name, "ada", NewMailbox(), kNow).code(),
              absl::StatusCode::kInvalidArgument);
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

TEST_F(RoomsTest, TellsSlowMembersWhereTheyMissedHowMuch) {
  auto slow = Join("slow", 3);
  for (int i = 1; i <= 6; ++i) Say("slow", std::to_string(i));
  EXPECT_EQ(Take(slow), "welcome slow");
  Say("slow", "7");  // there is room again, but not before what was missed
  EXPECT_EQ(Take(slow), "slow: 1");
  EXPECT_EQ(Take(slow), "slow: 2");
  EXPECT_EQ(Take(slow), "missed 5");
  Say("slow", "8");
  EXPECT_EQ(Take(slow), "slow: 8");
}

TEST_F(RoomsTest, WakesMembersWhoWait) {
  auto ada = Join("ada");
  EXPECT_EQ(Take(ada), "welcome ada");
  std::thread speaker([&] { Say("ada", "from another thread"); });
  EXPECT_EQ(Take(ada), "ada: from another thread");
  speaker.join();
}

TEST_F(RoomsTest, ClosedMailboxesEndAfterWhatIsInThem) {
  auto ada = Join("ada");
  ada->Close();
  Say("ada", "too late");
  EXPECT_EQ(Take(ada), "welcome ada");
  EXPECT_EQ(Take(ada), "closed");
}

}  // namespace
}  // namespace examples::chat
