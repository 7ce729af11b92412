// EventParser reads an event stream (HTML Living Standard, section 9.2.6, "Interpreting an
// event stream"), however the bytes are cut.

#ifndef RUNNEL_RUNTIME_WIRE_EVENT_PARSER_H_
#define RUNNEL_RUNTIME_WIRE_EVENT_PARSER_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/wire/event.h"

namespace runnel {

// One parser for one response body. Not thread-safe.
//
//   parser.Feed(piece);
//   while (true) {
//     RUNNEL_ASSIGN_OR_RETURN(std::optional<EventView> event, parser.Next());
//     if (!event) break;  // needs another piece
//     …
//   }
class EventParser {
 public:
  // An event, or a line, of more than `max_event_bytes` is an error.
  explicit EventParser(size_t max_event_bytes);
  ~EventParser();

  // Gives the parser the next bytes. They must stay until Next has returned nullopt.
  void Feed(std::string_view bytes);

  // The next complete event in what was fed; nullopt when there is none; RESOURCE_EXHAUSTED when
  // it is too large, after which the parser is of no use.
  absl::StatusOr<std::optional<EventView>> Next();

  // The stream's last event id so far, also from blocks without data.
  std::string_view last_event_id() const;
  void set_last_event_id(std::string_view id);
  // The reconnection time, when the stream has set one.
  std::optional<absl::Duration> retry() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_WIRE_EVENT_PARSER_H_
