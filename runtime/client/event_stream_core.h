// EventStreamCore is what an EventStream<T> does whatever T is.

#ifndef RUNNEL_RUNTIME_CLIENT_EVENT_STREAM_CORE_H_
#define RUNNEL_RUNTIME_CLIENT_EVENT_STREAM_CORE_H_

#include <functional>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/client/event_source.h"
#include "runtime/client/event_stream_options.h"

namespace runnel {

class EventStreamCore {
 public:
  // Fills the message, an object of the type that the stream is of.
  using Decode = std::function<EventOutcome(const SourceEvent& event, void* message)>;

  // `decode` as an error is what Read returns.
  EventStreamCore(std::shared_ptr<EventSource> source, absl::StatusOr<Decode> decode,
                  EventStreamOptions options);

  // True: `event` is filled, and `status` says whether `message` is too. False: the stream has
  // ended. An error: that is what it has ended with, but for CANCELLED of the awaiting coroutine.
  // The references last until it returns, on whatever loop it is awaited.
  static Awaitable<absl::StatusOr<bool>> Read(std::shared_ptr<EventStreamCore> self,
                                              SourceEvent& event, absl::Status& status,
                                              void* message);

  EventSource& source() const { return *source_; }

 private:
  static Awaitable<absl::StatusOr<bool>> ReadOnLoop(std::shared_ptr<EventStreamCore> self,
                                                    SourceEvent& event, absl::Status& status,
                                                    void* message);
  // What comes before the decoder, and the decoder.
  EventOutcome Take(const SourceEvent& event, void* message) const;
  // What Read returns when there is no more from the source.
  absl::Status SourceEnded() const;
  void End(absl::Status status);

  const std::shared_ptr<EventSource> source_;
  Decode decode_;
  const EventStreamOptions options_;
  std::optional<absl::Status> ended_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_EVENT_STREAM_CORE_H_
