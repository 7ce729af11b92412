#include "runtime/client/any_event_decoder.h"

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "google/protobuf/descriptor.h"
#include "runtime/client/message_decoder.h"
#include "runtime/core/status_macros.h"

namespace runnel {
namespace {

// One type of the stream.
struct Entry {
  std::string type;
  MessageDecoder decode;
};

// Shared by the copies of the decoder.
struct Entries {
  explicit Entries(MessageTypes t) : types(std::move(t)) {}

  MessageTypes types;
  std::map<std::string, Entry, std::less<>> named;
  std::optional<Entry> other;
};

absl::StatusOr<Entry> NewEntry(const MessageTypes& types, const std::string& type,
                               const EventStreamOptions& options) {
  RUNNEL_ASSIGN_OR_RETURN(const google::protobuf::Descriptor* const descriptor, types.Find(type));
  Entry entry;
  entry.type = type;
  RUNNEL_ASSIGN_OR_RETURN(entry.decode, NewMessageDecoder(*descriptor, options));
  return entry;
}

EventOutcome Decode(const Entries& entries, const SourceEvent& event, AnyMessage& message) {
  const auto found = entries.named.find(event.type);
  if (found == entries.named.end() && !entries.other) return EventOutcome::Unknown();
  const Entry& entry = found == entries.named.end() ? *entries.other : found->second;
  absl::StatusOr<AnyMessage> made = entries.types.New(entry.type);
  if (!made.ok()) return EventOutcome::Bad(std::move(made).status());
  message = *std::move(made);
  return entry.decode(event, *message);
}

}  // namespace

absl::StatusOr<AnyEventDecoder> NewAnyEventDecoder(MessageTypes types, const EventTypes& names,
                                                   const EventStreamOptions& options) {
  auto entries = std::make_shared<Entries>(std::move(types));
  EventStreamOptions whole = options;
  whole.fields.clear();
  for (const auto& [event, type] : names.named) {
    RUNNEL_ASSIGN_OR_RETURN(entries->named[event], NewEntry(entries->types, type, whole));
  }
  if (!names.other.empty()) {
    RUNNEL_ASSIGN_OR_RETURN(entries->other, NewEntry(entries->types, names.other, options));
  }
  return AnyEventDecoder([entries = std::shared_ptr<const Entries>(std::move(entries))](
                             const SourceEvent& event, AnyMessage& message) {
    return Decode(*entries, event, message);
  });
}

}  // namespace runnel
