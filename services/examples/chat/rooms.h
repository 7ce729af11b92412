// Rooms knows who is in which room and passes on what is said there.

#ifndef SERVICES_EXAMPLES_CHAT_ROOMS_H_
#define SERVICES_EXAMPLES_CHAT_ROOMS_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/examples/chat/chat.pb.h"
#include "services/examples/chat/mailbox.h"

namespace examples::chat {

// Thread-safe. All members of a room get its events in the same order.
class Rooms {
 public:
  // Posts a Welcome to `mailbox`, and from then on everything that happens. INVALID_ARGUMENT for
  // names that are empty, too long or not printable; ALREADY_EXISTS for one that is taken;
  // RESOURCE_EXHAUSTED in a full room.
  absl::Status Join(const std::string& room, const std::string& name,
                    std::shared_ptr<Mailbox> mailbox, absl::Time now);
  // By somebody who is in the room. INVALID_ARGUMENT for an empty, too long or not printable text.
  absl::Status Say(const std::string& room, const std::string& name, const std::string& text,
                   absl::Time now);
  void Leave(const std::string& room, const std::string& name, absl::Time now);

  v1::ListRoomsResponse List() const;

 private:
  using Members = std::map<std::string, std::shared_ptr<Mailbox>>;

  static void PostToAll(const Members& members, v1::RoomEvent event, absl::Time now);

  mutable std::mutex mutex_;
  std::map<std::string, Members> rooms_;  // none of them empty
};

}  // namespace examples::chat

#endif  // SERVICES_EXAMPLES_CHAT_ROOMS_H_
