#include "runtime/wire/event_parser.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/string_memory.h"
#include "runtime/core/utf8.h"

namespace runnel {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// A buffer that held a large event gives its memory back.
void Clear(std::string& buffer) {
  constexpr size_t kKept = 64 * 1024;
  if (buffer.capacity() > kKept) {
    FreeMemory(buffer);
  } else {
    buffer.clear();
  }
}

// Where a character stands next in the input, searched for once however often it is asked.
class NextCharacter {
 public:
  explicit NextCharacter(char c) : character_(c) {}
  void Reset() { position_ = 0, known_ = false; }

  // The first position from `from` on, which never decreases; the input's size if there is none.
  size_t Find(std::string_view input, size_t from) {
    if (known_ && position_ >= from) return position_;
    const void* found = std::memchr(input.data() + from, character_, input.size() - from);
    position_ = found == nullptr ? input.size() : static_cast<const char*>(found) - input.data();
    known_ = true;
    return position_;
  }

 private:
  char character_;
  size_t position_ = 0;
  bool known_ = false;
};

}  // namespace

struct EventParser::State {
  explicit State(size_t max) : max_event_bytes(max) {}

  absl::StatusOr<std::optional<EventView>> Next();
  // What a whole line means: true when it completes an event. `buffered`: it lies in `line`. They
  // set `failure`.
  bool TakeLine(std::string_view text, bool buffered);
  void TakeField(std::string_view name, std::string_view value, bool buffered);
  void TakeData(std::string_view value, bool buffered);
  void TakeRetry(std::string_view value);
  // Of the whole event at once, as its lines come: no character goes over the end of a line.
  void RepairData();
  // Sees to it that `held` is exactly the data so far, so that it can grow or outlive the input.
  void HoldData();
  void ResetBlock();
  absl::Status TooLarge();

  const size_t max_event_bytes;
  absl::Status failure;

  std::string_view input;
  size_t position = 0;
  NextCharacter next_lf{'\n'}, next_cr{'\r'};

  std::string line;        // the beginning of a line that the input ended in
  bool first_line = true;  // which may begin with a byte order mark
  bool after_cr = false;   // an LF now belongs to the line end before it

  // The block so far. `data` views the input or `held`.
  std::string_view data;
  std::string held;
  bool has_data = false;
  bool data_in_input = false;
  bool dispatched = false;
  std::string type;
  std::string id;
  bool id_changed = false;  // last_event_id is another

  std::string last_event_id;
  std::optional<absl::Duration> retry;
};

absl::Status EventParser::State::TooLarge() {
  failure = absl::ResourceExhaustedError(
      absl::StrCat("event of more than ", max_event_bytes,
                   " bytes; the parser's limit follows from Limits::max_message_bytes"));
  return failure;
}

void EventParser::State::ResetBlock() {
  data = std::string_view();
  Clear(held);
  has_data = data_in_input = dispatched = false;
  type.clear();
}

void EventParser::State::HoldData() {
  if (data_in_input) {
    held.assign(data);
  } else if (held.size() > data.size()) {
    held.erase(0, held.size() - data.size());  // the data is the end of what is held
  }
  data = held;
  data_in_input = false;
}

void EventParser::State::TakeData(std::string_view value, bool buffered) {
  if (value.size() > max_event_bytes || data.size() > max_event_bytes - value.size()) {
    TooLarge().IgnoreError();
    return;
  }
  if (has_data) {
    HoldData();
    held.push_back('\n');
    held.append(value);
    data = held;
  } else if (!buffered) {
    data = value;
    data_in_input = true;
  } else {
    held.swap(line);  // no copy: the buffer of the line becomes that of the data
    data = std::string_view(held).substr(held.size() - value.size());
  }
  has_data = true;
}

void EventParser::State::RepairData() {
  if (IsValidUtf8(data)) return;
  std::string repaired;
  AppendRepairedUtf8(data, repaired);
  held = std::move(repaired);
  data = held;
  data_in_input = false;
  if (data.size() > max_event_bytes) TooLarge().IgnoreError();
}

void EventParser::State::TakeRetry(std::string_view value) {
  if (value.empty() ||
      !std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return;
  }
  int64_t milliseconds;  // what does not fit is ignored, as in browsers
  const auto result = std::from_chars(value.data(), value.data() + value.size(), milliseconds);
  if (result.ec == std::errc()) retry = absl::Milliseconds(milliseconds);
}

bool EventParser::State::TakeLine(std::string_view text, bool buffered) {
  if (std::exchange(first_line, false) && text.starts_with(kByteOrderMark)) {
    text.remove_prefix(kByteOrderMark.size());
  }
  if (text.empty()) {
    if (std::exchange(id_changed, false)) last_event_id = id;
    if (!has_data) {
      type.clear();
      return false;
    }
    RepairData();
    return true;
  }
  constexpr std::string_view kData = "data: ";  // nearly every line
  if (text.starts_with(kData)) {
    TakeData(text.substr(kData.size()), buffered);
    return false;
  }
  const size_t colon = std::min(text.find(':'), text.size());
  // Where there is no value it is the text's end.
  std::string_view value = text.substr(std::min(colon + 1, text.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  TakeField(text.substr(0, colon), value, buffered);
  return false;
}

void EventParser::State::TakeField(std::string_view name, std::string_view value, bool buffered) {
  if (name == "data") {
    TakeData(value, buffered);
  } else if (name == "event") {
    type.clear();
    AppendRepairedUtf8(value, type);
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) {
      id.clear();
      AppendRepairedUtf8(value, id);
      id_changed = true;
    }
  } else if (name == "retry") {
    TakeRetry(value);
  }
}

absl::StatusOr<std::optional<EventView>> EventParser::State::Next() {
  if (!failure.ok()) return failure;
  if (dispatched) ResetBlock();
  while (position < input.size()) {
    if (std::exchange(after_cr, false) && input[position] == '\n') {
      ++position;
      continue;
    }
    const size_t end = std::min(next_lf.Find(input, position), next_cr.Find(input, position));
    const std::string_view piece = input.substr(position, end - position);
    if (piece.size() > max_event_bytes || line.size() > max_event_bytes - piece.size()) {
      return TooLarge();
    }
    if (end == input.size()) {
      line.append(piece);
      position = end;
      break;
    }
    after_cr = input[end] == '\r';
    position = end + 1;
    const bool buffered = !line.empty();
    if (buffered) line.append(piece);
    const bool complete = TakeLine(buffered ? line : piece, buffered);
    if (!failure.ok()) return failure;
    if (buffered) Clear(line);
    if (complete) {
      dispatched = true;
      return EventView{type.empty() ? std::string_view("message") : std::string_view(type), data,
                       last_event_id};
    }
  }
  if (data_in_input) HoldData();
  return std::nullopt;
}

EventParser::EventParser(size_t max_event_bytes)
    : state_(std::make_unique<State>(max_event_bytes)) {}

EventParser::~EventParser() = default;

void EventParser::Feed(std::string_view bytes) {
  state_->input = bytes;
  state_->position = 0;
  state_->next_lf.Reset();
  state_->next_cr.Reset();
}

absl::StatusOr<std::optional<EventView>> EventParser::Next() { return state_->Next(); }

std::string_view EventParser::last_event_id() const { return state_->last_event_id; }

void EventParser::set_last_event_id(std::string_view id) {
  state_->last_event_id = id;
  state_->id = id;
}

std::optional<absl::Duration> EventParser::retry() const { return state_->retry; }

}  // namespace runnel
