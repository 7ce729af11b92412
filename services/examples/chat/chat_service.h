// ChatService lets people talk in rooms.

#ifndef SERVICES_EXAMPLES_CHAT_CHAT_SERVICE_H_
#define SERVICES_EXAMPLES_CHAT_CHAT_SERVICE_H_

#include <cstddef>

#include "runnel/server.h"
#include "services/examples/chat/chat.runnel.h"
#include "services/examples/chat/rooms.h"

namespace examples::chat {

// Calls run on several loops at once and meet in Rooms, which guards itself.
class ChatService : public v1::Chat::Service {
 public:
  // A member who is further behind than so many events misses the oldest of them.
  explicit ChatService(size_t max_behind = 256) : rooms_(max_behind) {}

  runnel::Awaitable<absl::Status> Converse(runnel::ServerContext& context,
                                           runnel::Reader<v1::ClientMessage>& in,
                                           runnel::Writer<v1::RoomEvent>& out) override;
  runnel::Awaitable<absl::StatusOr<v1::ListRoomsResponse>> ListRooms(
      runnel::ServerContext& context, const v1::ListRoomsRequest& request) override;

 private:
  Rooms rooms_;
};

}  // namespace examples::chat

#endif  // SERVICES_EXAMPLES_CHAT_CHAT_SERVICE_H_
