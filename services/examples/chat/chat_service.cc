#include "services/examples/chat/chat_service.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "runnel/async.h"
#include "services/examples/chat/mailbox.h"

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

// The same as a task beside the handler: its end closes the mailbox, which ends Tell.
runnel::Awaitable<void> ListenThenClose(runnel::ServerContext& context,
                                        runnel::Reader<v1::ClientMessage>& in, Rooms& rooms,
                                        const v1::Join& self, Mailbox& mailbox,
                                        absl::Status& ended) {
  ended = co_await Listen(context, in, rooms, self);
  mailbox.Close();
}

// Sends the client what arrives for it.
runnel::Awaitable<absl::Status> Tell(Mailbox& mailbox, runnel::Writer<v1::RoomEvent>& out) {
  while (true) {
    RUNNEL_CO_ASSIGN_OR_RETURN(std::shared_ptr<const v1::RoomEvent> event, co_await mailbox.Take());
    if (event == nullptr) co_return absl::OkStatus();
    RUNNEL_CO_RETURN_IF_ERROR(co_await out.Write(*event));
  }
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
  const std::shared_ptr<Mailbox> mailbox = Mailbox::Make(context.executor(), mailbox_capacity_);
  RUNNEL_CO_RETURN_IF_ERROR(rooms_.Join(self.room(), self.name(), mailbox, context.clock().Now()));
  const absl::Cleanup leave = [&] {
    rooms_.Leave(self.room(), self.name(), context.clock().Now());
  };

  absl::Status listened;
  runnel::TaskGroup tasks(context.executor());
  tasks.Spawn(ListenThenClose(context, in, rooms_, self, *mailbox, listened));
  absl::Status told = co_await Tell(*mailbox, out);
  tasks.Cancel();
  co_await tasks.Join();
  // An error of Tell came first if there is one, and then cut Listen short.
  co_return told.ok() ? listened : told;
}

runnel::Awaitable<absl::StatusOr<v1::ListRoomsResponse>> ChatService::ListRooms(
    runnel::ServerContext&, const v1::ListRoomsRequest&) {
  co_return rooms_.List();
}

}  // namespace examples::chat
