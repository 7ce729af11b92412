// Rooms knows who is in which room and passes on what is said there.

#ifndef SERVICES_EXAMPLES_CHAT_ROOMS_H_
#define SERVICES_EXAMPLES_CHAT_ROOMS_H_

#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runnel/topic.h"
#include "services/examples/chat/chat.pb.h"

namespace examples::chat {

// Thread-safe. All members of a room get its events in the same order.
class Rooms {
 public:
  // Who is further behind than so many events misses the oldest of them.
  explicit Rooms(size_t max_behind = 256) : max_behind_(max_behind) {}

  struct Membership {
    v1::RoomEvent welcome;                       // first
    runnel::Subscription<v1::RoomEvent> events;  // and then everything that happens
  };
  // For a member whose handler runs on `executor`. INVALID_ARGUMENT for names that are empty, too
  // long or not printable; ALREADY_EXISTS for one that is taken; RESOURCE_EXHAUSTED in a full room.
  absl::StatusOr<Membership> Join(const std::string& room, const std::string& name,
                                  runnel::Executor executor, absl::Time now);
  // By somebody who is in the room. INVALID_ARGUMENT for an empty, too long or not printable text.
  absl::Status Say(const std::string& room, const std::string& name, const std::string& text,
                   absl::Time now);
  void Leave(const std::string& room, const std::string& name, absl::Time now);

  v1::ListRoomsResponse List() const;

 private:
  struct Room {
    explicit Room(size_t max_behind) : events(Bounded(max_behind)) {}
    static runnel::TopicOptions Bounded(size_t max_behind);
    void Publish(v1::RoomEvent event, absl::Time now);

    std::set<std::string> names;
    runnel::Topic<v1::RoomEvent> events;
  };

  const size_t max_behind_;
  mutable std::mutex mutex_;
  std::map<std::string, Room> rooms_;  // none of them empty
};

}  // namespace examples::chat

#endif  // SERVICES_EXAMPLES_CHAT_ROOMS_H_
