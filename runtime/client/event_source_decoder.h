// EventSourceDecoder makes events of the bytes of one response's body.

#ifndef RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_DECODER_H_
#define RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_DECODER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/wire/event_lines.h"
#include "runtime/wire/event_parser.h"
#include "runtime/wire/gzip_stream.h"

namespace runnel {

// What a stream has: an event, or a comment where those are asked for.
struct SourceEvent {
  SourceEvent() = default;

  bool comment = false;  // then `data` is its text, and `type` is empty
  std::string type;      // "message" where the stream names none
  std::string data;      // the data lines, joined by LF
  std::string id;        // the last event id of the stream at this event
  std::string raw;       // the lines it came in, where they are asked for
};

struct DecoderOptions {
  size_t max_event_bytes = 0;  // of a line too
  bool gzip = false;
  bool comments = false;
  bool raw = false;
};

// Not thread-safe.
class EventSourceDecoder {
 public:
  // `last_event_id`: from the stream that this one continues.
  EventSourceDecoder(const DecoderOptions& options, std::string_view last_event_id);

  // Gives it the next bytes. They must stay until Next has returned nullopt.
  void Feed(std::string_view bytes);
  // The next event in what was fed; nullopt when there is none. RESOURCE_EXHAUSTED when it is too
  // large, INVALID_ARGUMENT when the bytes are not gzip.
  absl::StatusOr<std::optional<SourceEvent>> Next();

  // Whether the body may end here: not within what is compressed. Blocks that it leaves unfinished
  // are no events.
  bool at_end() const { return !options_.gzip || gzip_.at_end(); }

  std::string_view last_event_id() const { return parser_.last_event_id(); }
  // The reconnection time, when the stream has set one.
  std::optional<absl::Duration> retry() const { return parser_.retry(); }

 private:
  using Piece = absl::StatusOr<std::optional<std::string_view>>;
  // What comes next, decompressed; and of that what the parser is to be fed with.
  Piece NextPlain();
  Piece NextPiece();
  absl::StatusOr<std::optional<SourceEvent>> NextParsed();

  const DecoderOptions options_;
  std::string_view plain_;
  GzipStream gzip_;
  EventLines lines_;
  EventParser parser_;
  bool fed_ = false;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_DECODER_H_
