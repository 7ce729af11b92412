#include "runtime/client/event_stream_core.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "runtime/async/on_executor.h"
#include "runtime/core/utf8.h"

namespace runnel {
namespace {

using Kind = EventOutcome::Kind;

constexpr size_t kShownBytes = 256;

// `why`, and of which event.
absl::Status OfEvent(const absl::Status& why, const SourceEvent& event) {
  std::string text = absl::StrCat("event \"", event.type, "\"");
  if (!event.id.empty()) absl::StrAppend(&text, " with id \"", event.id, "\"");
  absl::StrAppend(&text, ": ", why.message(), "; its data: ");
  AppendRepairedUtf8(std::string_view(event.data).substr(0, kShownBytes), text);
  if (event.data.size() > kShownBytes) {
    absl::StrAppend(&text, "… (", event.data.size(), " bytes)");
  }
  absl::Status status(why.code(), text);
  why.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& payload) { status.SetPayload(url, payload); });
  return status;
}

}  // namespace

EventStreamCore::EventStreamCore(std::shared_ptr<EventSource> source, absl::StatusOr<Decode> decode,
                                 EventStreamOptions options)
    : source_(std::move(source)), options_(std::move(options)) {
  if (decode.ok()) {
    decode_ = *std::move(decode);
  } else {
    ended_ = std::move(decode).status();
    source_->Close();
  }
}

Awaitable<absl::StatusOr<bool>> EventStreamCore::Read(std::shared_ptr<EventStreamCore> self,
                                                      SourceEvent& event, absl::Status& status,
                                                      void* message) {
  const Executor executor = self->source_->executor();
  return OnExecutor(executor, ReadOnLoop(std::move(self), event, status, message));
}

Awaitable<absl::StatusOr<bool>> EventStreamCore::ReadOnLoop(std::shared_ptr<EventStreamCore> self,
                                                            SourceEvent& event,
                                                            absl::Status& status, void* message) {
  while (!self->ended_) {
    absl::StatusOr<std::optional<SourceEvent>> read = co_await self->source_->Read();
    if (self->ended_) break;
    if (!read.ok()) co_return std::move(read).status();
    if (!*read) {
      const absl::Status ending = self->SourceEnded();
      if (!ending.ok()) co_return ending;
      co_return false;
    }
    event = **std::move(read);
    const EventOutcome outcome = self->Take(event, message);
    switch (outcome.kind()) {
      case Kind::kSkipped:
        break;
      case Kind::kEnd:
        self->End(outcome.status());
        break;
      case Kind::kLastMessage:
        self->End(absl::OkStatus());
        co_return true;
      case Kind::kMessage:
        co_return true;
      case Kind::kUnknown:
        if (self->options_.unknown_events == UnknownEvents::kSkip) break;
        status = OfEvent(absl::UnimplementedError("no event of this name is known"), event);
        co_return true;
      case Kind::kBad:
        status = OfEvent(outcome.status(), event);
        if (self->options_.bad_events == BadEvents::kReport) co_return true;
        self->End(status);
        break;
    }
  }
  if (!self->ended_->ok()) co_return *self->ended_;
  co_return false;
}

EventOutcome EventStreamCore::Take(const SourceEvent& event, void* message) const {
  if (event.comment) return EventOutcome::Skipped();
  const EventStreamOptions& options = options_;
  if (options.error) {
    absl::Status error = options.error(event);
    if (!error.ok()) return EventOutcome::End(std::move(error));
  }
  if (options.error_events.contains(event.type)) {
    return EventOutcome::End(OfEvent(absl::UnknownError("the server reports an error"), event));
  }
  if (options.end_events.contains(event.type) || options.end_data.contains(event.data)) {
    return EventOutcome::End();
  }
  if (event.data.empty() && !event.id.empty() && options.empty_data == EmptyData::kSkipWithId) {
    return EventOutcome::Skipped();
  }
  const bool last = options.last_events.contains(event.type);
  const bool any = options.names.empty() && options.fields.empty();
  if (!any && !last && !options.names.contains(event.type) &&
      !options.fields.contains(event.type)) {
    return EventOutcome::Unknown();
  }
  EventOutcome outcome = decode_(event, message);
  if (last && outcome.kind() == Kind::kMessage) return EventOutcome::LastMessage();
  return outcome;
}

absl::Status EventStreamCore::SourceEnded() const {
  if (!options_.end_required) return absl::OkStatus();
  return absl::DataLossError("the server has ended the stream before the event that is its end");
}

void EventStreamCore::End(absl::Status status) {
  ended_ = std::move(status);
  source_->Close();
}

}  // namespace runnel
