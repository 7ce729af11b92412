#include "services/examples/chat/rooms.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runnel/server.h"
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

runnel::TopicOptions Rooms::Room::Bounded(size_t max_behind) {
  runnel::TopicOptions options;
  options.max_messages = max_behind;
  return options;
}

void Rooms::Room::Publish(v1::RoomEvent event, absl::Time now) {
  *event.mutable_time() = ToProto(now);
  events.Publish(std::move(event)).IgnoreError();  // nobody closes it
}

absl::StatusOr<Rooms::Membership> Rooms::Join(const std::string& room, const std::string& name,
                                              runnel::Executor executor, absl::Time now) {
  RUNNEL_RETURN_IF_ERROR(Check("the room's name", room, kMaxNameBytes));
  RUNNEL_RETURN_IF_ERROR(Check("your name", name, kMaxNameBytes));

  const std::lock_guard lock(mutex_);
  const auto [found, is_new] = rooms_.try_emplace(room, max_behind_);
  auto& [names, events] = found->second;
  if (names.contains(name)) {
    return absl::AlreadyExistsError(
        absl::StrCat("somebody in room \"", room, "\" is called \"", name, "\" already"));
  }
  if (names.size() == kMaxMembers) {
    return absl::ResourceExhaustedError(
        absl::StrCat("room \"", room, "\" is full: it has ", kMaxMembers, " people"));
  }
  v1::RoomEvent joined;
  joined.mutable_joined()->set_name(name);
  found->second.Publish(std::move(joined), now);
  names.insert(name);

  v1::RoomEvent welcome;
  *welcome.mutable_time() = ToProto(now);
  for (const std::string& member : names) welcome.mutable_welcome()->add_names(member);
  RUNNEL_ASSIGN_OR_RETURN(auto subscription, events.Subscribe(std::move(executor)));
  return Membership{std::move(welcome), std::move(subscription)};
}

absl::Status Rooms::Say(const std::string& room, const std::string& name, const std::string& text,
                        absl::Time now) {
  RUNNEL_RETURN_IF_ERROR(Check("a message", text, kMaxTextBytes));
  v1::RoomEvent event;
  event.mutable_said()->set_name(name);
  event.mutable_said()->set_text(text);
  const std::lock_guard lock(mutex_);
  const auto found = rooms_.find(room);
  if (found != rooms_.end()) found->second.Publish(std::move(event), now);
  return absl::OkStatus();
}

void Rooms::Leave(const std::string& room, const std::string& name, absl::Time now) {
  const std::lock_guard lock(mutex_);
  const auto found = rooms_.find(room);
  if (found == rooms_.end() || found->second.names.erase(name) == 0) return;
  v1::RoomEvent event;
  event.mutable_left()->set_name(name);
  found->second.Publish(std::move(event), now);
  if (found->second.names.empty()) rooms_.erase(found);
}

v1::ListRoomsResponse Rooms::List() const {
  const std::lock_guard lock(mutex_);
  v1::ListRoomsResponse list;
  for (const auto& [name, members] : rooms_) {
    v1::Room& room = *list.add_rooms();
    room.set_name(name);
    room.set_people(static_cast<int32_t>(members.names.size()));
  }
  return list;
}

}  // namespace examples::chat
