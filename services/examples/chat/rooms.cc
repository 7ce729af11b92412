#include "services/examples/chat/rooms.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/examples/shared/proto_time.h"

namespace examples::chat {
namespace {

constexpr size_t kMaxNameBytes = 64;
constexpr size_t kMaxTextBytes = 4096;
constexpr size_t kMaxMembers = 1000;

// Control characters could do more to the others' terminals than be read.
absl::Status Check(std::string_view what, const std::string& text, size_t max_bytes) {
  if (text.empty() || text.size() > max_bytes) {
    return absl::InvalidArgumentError(absl::StrCat(std::string(what), " must have 1 to ", max_bytes,
                                                   " bytes, not ", text.size()));
  }
  if (std::any_of(text.begin(), text.end(),
                  [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(what), " may not contain control characters"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Rooms::Join(const std::string& room, const std::string& name,
                         std::shared_ptr<Mailbox> mailbox, absl::Time now) {
  if (absl::Status status = Check("the room's name", room, kMaxNameBytes); !status.ok()) {
    return status;
  }
  if (absl::Status status = Check("your name", name, kMaxNameBytes); !status.ok()) return status;

  const std::lock_guard lock(mutex_);
  Members& members = rooms_[room];
  if (members.contains(name)) {
    return absl::AlreadyExistsError(
        absl::StrCat("somebody in room \"", room, "\" is called \"", name, "\" already"));
  }
  if (members.size() == kMaxMembers) {
    return absl::ResourceExhaustedError(
        absl::StrCat("room \"", room, "\" is full: it has ", kMaxMembers, " people"));
  }
  v1::RoomEvent joined;
  joined.mutable_joined()->set_name(name);
  PostToAll(members, joined, now);
  members[name] = mailbox;

  auto welcome = std::make_shared<v1::RoomEvent>();
  *welcome->mutable_time() = ToProto(now);
  for (const auto& [member, unused] : members) welcome->mutable_welcome()->add_names(member);
  mailbox->Post(std::move(welcome));
  return absl::OkStatus();
}

absl::Status Rooms::Say(const std::string& room, const std::string& name, const std::string& text,
                        absl::Time now) {
  if (absl::Status status = Check("a message", text, kMaxTextBytes); !status.ok()) return status;
  v1::RoomEvent event;
  event.mutable_said()->set_name(name);
  event.mutable_said()->set_text(text);
  const std::lock_guard lock(mutex_);
  const auto found = rooms_.find(room);
  if (found != rooms_.end()) PostToAll(found->second, std::move(event), now);
  return absl::OkStatus();
}

void Rooms::Leave(const std::string& room, const std::string& name, absl::Time now) {
  const std::lock_guard lock(mutex_);
  const auto found = rooms_.find(room);
  if (found == rooms_.end() || found->second.erase(name) == 0) return;
  v1::RoomEvent event;
  event.mutable_left()->set_name(name);
  PostToAll(found->second, std::move(event), now);
  if (found->second.empty()) rooms_.erase(found);
}

v1::ListRoomsResponse Rooms::List() const {
  const std::lock_guard lock(mutex_);
  v1::ListRoomsResponse list;
  for (const auto& [name, members] : rooms_) {
    v1::Room& room = *list.add_rooms();
    room.set_name(name);
    room.set_people(static_cast<int32_t>(members.size()));
  }
  return list;
}

void Rooms::PostToAll(const Members& members, v1::RoomEvent event, absl::Time now) {
  *event.mutable_time() = ToProto(now);
  const auto shared = std::make_shared<const v1::RoomEvent>(std::move(event));
  for (const auto& [name, mailbox] : members) mailbox->Post(shared);
}

}  // namespace examples::chat
