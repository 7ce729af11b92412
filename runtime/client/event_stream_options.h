// How the events of a stream become messages: which of them are any, of what their data is, and
// what becomes of the others.

#ifndef RUNNEL_RUNTIME_CLIENT_EVENT_STREAM_OPTIONS_H_
#define RUNNEL_RUNTIME_CLIENT_EVENT_STREAM_OPTIONS_H_

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "runtime/client/event_source_decoder.h"
#include "runtime/core/limits.h"

namespace runnel {

// What the data of an event is.
enum class EventData {
  kJson,    // canonical proto3 JSON; Limits::unknown_json says what is done about unknown fields
  kBase64,  // the message's binary form in base64, standard or URL-safe, padded or not
};

// An event whose data is no such message: Read returns the event with the error, and goes on; or
// the error is the end of the stream.
enum class BadEvents { kEnd, kReport };

// An event of a name that is not known: passed over, or returned by Read with an error,
// UNIMPLEMENTED. It is never the end of the stream.
enum class UnknownEvents { kSkip, kReport };

// Without data: nothing but a place in the stream where there is an id, as heartbeats are; or a
// message of no bytes, as EventData::kBase64 may have it.
enum class EmptyData { kSkipWithId, kDecode };

// Each event goes through this from the top to the bottom.
struct EventStreamOptions {
  // Asked about every event: what is not OK is an error that the server has sent, and the end of
  // the stream.
  std::function<absl::Status(const SourceEvent&)> error;
  // Events of these names are such errors too: UNKNOWN, with the data.
  std::set<std::string> error_events;
  // The end of the stream, and no message: events of these names, and any whose data is one of
  // these, such as "[DONE]".
  std::set<std::string> end_events;
  std::set<std::string> end_data;
  EmptyData empty_data = EmptyData::kSkipWithId;

  // The names of events whose data is the message as a whole; unnamed ones are called "message".
  // All are, where this and `fields` are empty.
  std::set<std::string> names;
  // Names of events whose data is one field of the message, as in {"put", "put"}: often of a oneof.
  // The field is a message, or a string, which takes the data as it is.
  std::map<std::string, std::string> fields;
  UnknownEvents unknown_events = UnknownEvents::kSkip;

  EventData data = EventData::kJson;
  Limits limits;  // max_message_bytes, max_json_depth, unknown_json
  BadEvents bad_events = BadEvents::kEnd;
  // Events of these names are messages, and behind them is the end of the stream.
  std::set<std::string> last_events;

  // Streams that end, such as answers, and have not been cut: when the server has no more before
  // the end came (above, or from a decoder), that is DATA_LOSS. It goes with EndOfBody::kClose: a
  // source that reconnects asks again.
  bool end_required = false;
};

// What a decoder has made of an event.
class EventOutcome {
 public:
  enum class Kind { kMessage, kLastMessage, kSkipped, kUnknown, kBad, kEnd };

  // The message is there.
  static EventOutcome Message() { return EventOutcome(Kind::kMessage); }
  // And behind it is the end of the stream.
  static EventOutcome LastMessage() { return EventOutcome(Kind::kLastMessage); }
  // No message, and nothing wrong.
  static EventOutcome Skipped() { return EventOutcome(Kind::kSkipped); }
  // See UnknownEvents.
  static EventOutcome Unknown() { return EventOutcome(Kind::kUnknown); }
  // See BadEvents. `why` is not OK.
  static EventOutcome Bad(absl::Status why) { return EventOutcome(Kind::kBad, std::move(why)); }
  // The end of the stream: as it should be, or an error that the server has sent.
  static EventOutcome End(absl::Status status = absl::OkStatus()) {
    return EventOutcome(Kind::kEnd, std::move(status));
  }

  Kind kind() const { return kind_; }
  const absl::Status& status() const { return status_; }

 private:
  explicit EventOutcome(Kind kind, absl::Status status = absl::OkStatus())
      : kind_(kind), status_(std::move(status)) {}

  Kind kind_;
  absl::Status status_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_EVENT_STREAM_OPTIONS_H_
