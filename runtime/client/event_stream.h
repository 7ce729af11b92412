// EventStream<T> reads the event stream of any server as messages.
//
//   runnel::IoThread io;
//   runnel::EventStream<Change> changes(io.executor(), "https://example.com/changes");
//   while (true) {
//     absl::StatusOr<std::optional<runnel::TypedEvent<Change>>> event =
//         io.BlockOn(changes.Read());
//     if (!event.ok()) return event.status();
//     if (!*event) break;  // the stream has ended
//     Use((*event)->id, *(*event)->message);
//   }

#ifndef RUNNEL_RUNTIME_CLIENT_EVENT_STREAM_H_
#define RUNNEL_RUNTIME_CLIENT_EVENT_STREAM_H_

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "runtime/async/awaitable.h"
#include "runtime/client/event_source.h"
#include "runtime/client/event_stream_core.h"
#include "runtime/client/event_stream_options.h"
#include "runtime/client/message_decoder.h"

namespace runnel {

// An event as it came, and the message in it. `raw` is filled with EventSourceOptions::raw.
template <typename T>
struct TypedEvent : SourceEvent {
  TypedEvent() = default;

  // Not OK with BadEvents::kReport and UnknownEvents::kReport only.
  absl::StatusOr<T> message;
};

// Moves; a Read that waits does not notice. Of threads, loops and back-pressure, what EventSource
// says.
template <typename T>
class EventStream {
 public:
  // Makes something else of events than `options` say, T being any type with a default: it is
  // handed a new T. Called on the source's loop, for events that `options` let through. Must not
  // block.
  using Decoder = std::function<EventOutcome(const SourceEvent& event, T& message)>;

  // T is a protobuf message. Options that do not fit it are what Read returns (INVALID_ARGUMENT).
  EventStream(Executor executor, std::string_view url, EventSourceOptions source = {},
              EventStreamOptions options = {})
      : EventStream(std::make_shared<EventSource>(std::move(executor), url, std::move(source)),
                    std::move(options)) {}
  // Of a source that nobody else reads.
  explicit EventStream(std::shared_ptr<EventSource> source, EventStreamOptions options = {})
      : core_(std::make_shared<EventStreamCore>(std::move(source), MessageDecode(options),
                                                options)) {}
  EventStream(std::shared_ptr<EventSource> source, Decoder decoder, EventStreamOptions options = {})
      : core_(std::make_shared<EventStreamCore>(std::move(source), Untyped(std::move(decoder)),
                                                std::move(options))) {}

  // The next message. nullopt when the stream has ended; then the source is closed. Errors are
  // those of EventSource::Read, events that say so, and bad events, with their ids and the
  // beginning of their data. All but CANCELLED of the awaiting coroutine, and
  // FAILED_PRECONDITION of a second Read, are final.
  Awaitable<absl::StatusOr<std::optional<TypedEvent<T>>>> Read() { return ReadFrom(core_); }

  // To close it, and to look at; reading from it takes events away from the stream.
  EventSource& source() { return core_->source(); }
  const EventSource& source() const { return core_->source(); }

 private:
  template <typename F>
  static EventStreamCore::Decode Untyped(F decoder) {
    return [decoder = std::move(decoder)](const SourceEvent& event, void* message) {
      return decoder(event, *static_cast<T*>(message));
    };
  }

  static absl::StatusOr<EventStreamCore::Decode> MessageDecode(const EventStreamOptions& options) {
    static_assert(std::is_base_of_v<google::protobuf::Message, T>,
                  "what is no protobuf message needs a decoder");
    absl::StatusOr<MessageDecoder> decoder = NewMessageDecoder(*T::descriptor(), options);
    if (!decoder.ok()) return decoder.status();
    return Untyped(*std::move(decoder));
  }

  static Awaitable<absl::StatusOr<std::optional<TypedEvent<T>>>> ReadFrom(
      std::shared_ptr<EventStreamCore> core) {
    TypedEvent<T> event;
    T message;
    absl::Status status;
    absl::StatusOr<bool> read =
        co_await EventStreamCore::Read(std::move(core), event, status, &message);
    if (!read.ok()) co_return std::move(read).status();
    if (!*read) co_return std::optional<TypedEvent<T>>();
    if (status.ok()) {
      event.message = std::move(message);
    } else {
      event.message = std::move(status);
    }
    co_return std::optional<TypedEvent<T>>(std::move(event));
  }

  std::shared_ptr<EventStreamCore> core_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_EVENT_STREAM_H_
