// Event streams: however one is cut, the parser makes of it what a slow one does that follows the
// HTML Standard word by word, and what was written is read.

#include "runtime/wire/event_parser.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"
#include "runtime/core/utf8.h"
#include "runtime/wire/base64.h"
#include "runtime/wire/event_writer.h"
#include "tests/fuzz/fuzzer.h"

namespace runnel::fuzz {
namespace {

// Nothing of the inputs is larger: limits are for another place.
constexpr size_t kMaxEvent = 1 << 20;

struct Outcome {
  std::string events;
  std::string last_event_id;
  std::string retry;
};

std::string Show(std::string_view type, std::string_view data, std::string_view id) {
  return absl::StrCat("[", AbslView(type), "|", AbslView(data), "|", AbslView(id), "]");
}

Outcome Parse(const std::vector<std::string_view>& pieces) {
  EventParser parser(kMaxEvent);
  Outcome outcome;
  for (const std::string_view piece : pieces) {
    // In memory of its own: the parser must not look behind its end.
    const std::vector<char> bytes(piece.begin(), piece.end());
    parser.Feed({bytes.data(), bytes.size()});
    while (true) {
      const absl::StatusOr<std::optional<EventView>> event = parser.Next();
      Require(event.ok(), "nothing is too large");
      if (!event->has_value()) break;
      outcome.events += Show((*event)->type, (*event)->data, (*event)->id);
    }
  }
  outcome.last_event_id = parser.last_event_id();
  if (parser.retry()) outcome.retry = absl::StrCat(absl::ToInt64Milliseconds(*parser.retry()));
  return outcome;
}

// What the stream says: its UTF-8 decoder replaces what is none.
std::string Repaired(std::string_view bytes) {
  std::string text;
  AppendRepairedUtf8(bytes, text);
  return text;
}

// HTML Living Standard, section 9.2.6, on the whole stream.
Outcome ParseSlowly(std::string_view bytes) {
  Outcome outcome;
  const std::string repaired = Repaired(bytes);
  std::string_view stream = repaired;
  if (stream.starts_with("\xef\xbb\xbf")) stream.remove_prefix(3);
  std::string data, type, id;
  while (true) {
    const size_t end = stream.find_first_of("\r\n");
    if (end == std::string_view::npos) break;  // a line that does not end is none
    const std::string_view line = stream.substr(0, end);
    stream.remove_prefix(stream.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
    if (line.empty()) {
      outcome.last_event_id = id;
      if (!data.empty()) {
        data.pop_back();
        outcome.events += Show(type.empty() ? "message" : type, data, id);
      }
      data.clear();
      type.clear();
      continue;
    }
    const size_t colon = line.find(':');
    const std::string_view field = line.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "event") {
      type = value;
    } else if (field == "data") {
      absl::StrAppend(&data, AbslView(value), "\n");
    } else if (field == "id") {
      if (value.find('\0') == std::string_view::npos) id = value;
    } else if (field == "retry") {
      const bool digits = value.find_first_not_of("0123456789") == std::string_view::npos;
      if (digits && !value.empty() && value.size() < 10) {
        outcome.retry = absl::StrCat(std::stoll(std::string(value)));
      } else if (digits && !value.empty()) {
        outcome.retry = "?";  // how long the longest is, is the parser's choice
      }
    }
  }
  return outcome;
}

void Check(std::string_view data) {
  const uint8_t seed = TakeByte(data);
  const Outcome whole = Parse({data});
  const Outcome cut = Parse(Cut(data, seed));
  RequireEqual(whole.events, cut.events, "cuts change no event");
  RequireEqual(whole.last_event_id, cut.last_event_id, "cuts change no id");
  RequireEqual(whole.retry, cut.retry, "cuts change no time");
  const Outcome slow = ParseSlowly(data);
  RequireEqual(whole.events, slow.events, "events are as the standard says");
  RequireEqual(whole.last_event_id, slow.last_event_id, "so is the last id");
  if (slow.retry != "?") RequireEqual(whole.retry, slow.retry, "so is the time");

  std::string line(data);
  std::erase_if(line, [](char c) { return c == '\r' || c == '\n'; });
  std::string stream;
  AppendComment(line, stream);
  AppendEvent({.type = "a", .id = "b-1"}, line, stream);
  AppendBase64Event({}, data, stream);
  std::string base64;
  AppendBase64(data, base64);
  RequireEqual(Parse(Cut(stream, seed)).events,
               absl::StrCat(Show("a", Repaired(line), "b-1"), Show("message", base64, "b-1")),
               "what was written is read");
}

std::vector<std::string> Seeds() {
  return {
      "\x01"
      "data: hello\n\n",
      "\x02"
      "\xef\xbb\xbf"
      "data: a\r\ndata: b\r\rdata\n\n",
      "\x03"
      "id: 1\nevent: x\ndata:y\n\nid\ndata: z\n\n",
      "\x04"
      "retry: 1500\n: comment\n\ndata: a\rdata:  b\r\r",
      "\x05"
      "retry: 9999999999999999999999\nretry: 1x\nretry:\n\n",
      std::string("\x06"
                  "id: a\0b\ndata: c\n\n",
                  18),
      "\x07"
      "data:\n\ndata\n\ndata: \n\nevent: only\n\n",
      "\x08"
      "id: 7\n\ndata: after a block without data\n\n",
      "\x09"
      "data: it ends in the middle"};
}

const Fuzzer fuzzer("event_parser", Check, Seeds);

}  // namespace
}  // namespace runnel::fuzz
