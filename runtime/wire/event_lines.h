// EventLines cuts an event stream into lines and keeps what the parser throws away: comments, and
// the text of the block that an event was made of. For those who ask for it; reading without is
// faster.

#ifndef RUNNEL_RUNTIME_WIRE_EVENT_LINES_H_
#define RUNNEL_RUNTIME_WIRE_EVENT_LINES_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace runnel {

// One for one response body. Not thread-safe.
class EventLines {
 public:
  // What it keeps: nothing but the line, or the block. More than `max_bytes` of it are an error.
  enum class Keep { kLines, kBlocks };
  EventLines(Keep keep, size_t max_bytes) : keep_(keep), max_bytes_(max_bytes) {}

  // Gives it the next bytes. They must stay until Next has returned nullopt.
  void Feed(std::string_view bytes) { input_ = bytes; }
  // The input up to and with the next line end, or what is left of it, for the parser to be fed
  // with; nullopt when there is no more. RESOURCE_EXHAUSTED when too much is to be kept.
  absl::StatusOr<std::optional<std::string_view>> Next();

  // What the piece that was returned last has ended, where that is a comment: its text, without the
  // colon and one space. Valid until the next call.
  std::optional<std::string_view> comment() const;
  // The lines that an event is made of, as they came, without comments before them and the blank
  // line behind them. To be asked when the piece that was returned last completes an event; valid
  // until the next call. Empty with kLines.
  std::string_view block() const;

 private:
  // The line that has ended, without its end.
  std::string_view Line() const;

  const Keep keep_;
  const size_t max_bytes_;
  std::string_view input_;
  std::string block_;
  size_t line_ = 0;  // where in `block_` the line begins
  bool first_line_ = true;
  bool after_cr_ = false;
  bool line_ended_ = false;
  bool block_ended_ = false;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_WIRE_EVENT_LINES_H_
