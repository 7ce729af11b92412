#include "services/examples/chat/chat_service.h"

#include <optional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "runnel/async.h"
#include "services/examples/shared/proto_time.h"

namespace examples::chat {
namespace {

// Passes on what the client says, until its stream ends.
runnel::Awaitable<absl::Status> Listen(runnel::ServerContext& context,
                                       runnel::Reader<v1::ClientMessage>& in, Rooms& rooms,
                                       const v1::Join& self) {
  while (true) {
    RUNNEL_CO_ASSIGN_OR_RETURN(std::optional<v1::ClientMessage> message, co_await in.Read());
    if (!message) co_return absl::OkStatus();
    if (!message->has_say()) {
      co_return absl::InvalidArgumentError("only \"say\" may follow the first message");
    }
    RUNNEL_CO_RETURN_IF_ERROR(
        rooms.Say(self.room(), self.name(), message->say().text(), context.clock().Now()));
  }
}

// The same as a task beside the handler: its end is that of the events.
runnel::Awaitable<void> ListenThenClose(runnel::ServerContext& context,
                                        runnel::Reader<v1::ClientMessage>& in, Rooms& rooms,
                                        const v1::Join& self,
                                        runnel::Subscription<v1::RoomEvent>& events,
                                        absl::Status& ended) {
  ended = co_await Listen(context, in, rooms, self);
  events.Close();
}

v1::RoomEvent Missed(uint64_t events, absl::Time now) {
  v1::RoomEvent event;
  *event.mutable_time() = ToProto(now);
  event.mutable_missed()->set_events(static_cast<int64_t>(events));
  return event;
}

}  // namespace

runnel::Awaitable<absl::Status> ChatService::Converse(runnel::ServerContext& context,
                                                      runnel::Reader<v1::ClientMessage>& in,
                                                      runnel::Writer<v1::RoomEvent>& out) {
  RUNNEL_CO_ASSIGN_OR_RETURN(std::optional<v1::ClientMessage> first, co_await in.Read());
  if (!first || !first->has_join()) {
    co_return absl::InvalidArgumentError("the first message must be \"join\"");
  }
  const v1::Join self = first->join();
  RUNNEL_CO_ASSIGN_OR_RETURN(
      Rooms::Membership member,
      rooms_.Join(self.room(), self.name(), context.executor(), context.clock().Now()));
  const absl::Cleanup leave = [&] {
    rooms_.Leave(self.room(), self.name(), context.clock().Now());
  };
  RUNNEL_CO_RETURN_IF_ERROR(co_await out.Write(member.welcome));

  absl::Status listened;
  runnel::TaskGroup tasks(context.executor());
  tasks.Spawn(ListenThenClose(context, in, rooms_, self, member.events, listened));
  using Ids = runnel::Subscription<v1::RoomEvent>::Ids;
  runnel::MissedMessage<v1::RoomEvent> missed = [&context](uint64_t events) {
    return Missed(events, context.clock().Now());
  };
  absl::Status told = co_await member.events.SendTo(out, Ids::kWithout, std::move(missed));
  tasks.Cancel();
  co_await tasks.Join();
  // An error of SendTo came first if there is one, and then cut Listen short.
  co_return told.ok() ? listened : told;
}

runnel::Awaitable<absl::StatusOr<v1::ListRoomsResponse>> ChatService::ListRooms(
    runnel::ServerContext&, const v1::ListRoomsRequest&) {
  co_return rooms_.List();
}

}  // namespace examples::chat
