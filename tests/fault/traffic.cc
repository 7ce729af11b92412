#include "tests/fault/traffic.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"

namespace fault {
namespace {

using runnel::CallKind;
using runnel::Codec;

// Mostly small, now and then a few parts of 64 KiB.
size_t DrawSize(Dice& dice, uint64_t large_percent) {
  if (dice.Percent(large_percent)) return dice.Between(60'000, 300'000);
  if (dice.Percent(10)) return 0;
  if (dice.Percent(10)) return dice.Between(1'000, 6'000);
  return dice.Between(1, 120);
}

std::vector<size_t> DrawSizes(Dice& dice, size_t count, uint64_t large_percent) {
  std::vector<size_t> sizes(count);
  for (size_t& size : sizes) size = DrawSize(dice, large_percent);
  return sizes;
}

// Most calls run at full speed; a few take long enough to meet what happens every 15 seconds, or
// every ten minutes.
absl::Duration DrawPause(Dice& dice) {
  const uint64_t what = dice.Between(0, 99);
  if (what < 55) return absl::ZeroDuration();
  if (what < 80) return dice.MillisecondsBetween(1, 60);
  if (what < 97) return dice.MillisecondsBetween(200, 2'500);
  return dice.MillisecondsBetween(10'000, 40'000);
}

size_t DrawCount(Dice& dice) {
  if (dice.Percent(8)) return 0;
  if (dice.Percent(10)) return dice.Between(30, 120);
  return dice.Between(1, 20);
}

CallPlan DrawCall(Dice& dice, std::optional<CallKind> kind, bool large) {
  CallPlan call;
  call.kind = kind.value_or(static_cast<CallKind>(dice.Between(0, 3)));
  const uint64_t large_percent = large ? 15 : 0;
  const bool up = call.kind == CallKind::kClientStream || call.kind == CallKind::kBidi;
  const bool down = call.kind == CallKind::kServerStream || call.kind == CallKind::kBidi;
  call.up = DrawSizes(dice, up ? DrawCount(dice) : 1, large_percent);
  call.down = DrawSizes(dice, down ? DrawCount(dice) : 1, large_percent);
  if (up) call.pause_up = DrawPause(dice);
  call.pause_down = DrawPause(dice);
  if (down && dice.Percent(25)) call.pause_read = DrawPause(dice);
  // Messages that follow one another, so that their client opens an Upload for them.
  if (up && dice.Percent(20)) {
    call.up = DrawSizes(dice, dice.Between(40, 200), large_percent);
    call.pause_up = dice.MillisecondsBetween(1, 40);
  }
  if (dice.Percent(12)) call.outcome = absl::StatusCode::kFailedPrecondition;
  return call;
}

}  // namespace

size_t CallPlan::replies() const {
  const bool streams = kind == CallKind::kServerStream || kind == CallKind::kBidi;
  return streams || outcome == absl::StatusCode::kOk ? down.size() : 0;
}

Traffic Traffic::Draw(Dice& dice, std::optional<CallKind> kind, std::optional<Codec> codec) {
  Traffic traffic;
  traffic.codec = codec.value_or(dice.Percent(50) ? Codec::kJson : Codec::kProto);
  const size_t count = dice.Percent(10) ? dice.Between(6, 20) : dice.Between(1, 5);
  const bool large = dice.Percent(8);
  for (size_t i = 0; i < count; ++i) {
    CallPlan call = DrawCall(dice, kind, large);
    if (i > 0) call.start = dice.MillisecondsBetween(0, dice.Percent(15) ? 20'000 : 1'500);
    traffic.calls.push_back(std::move(call));
  }
  return traffic;
}

size_t Traffic::largest_message_up() const {
  size_t largest = 0;
  for (const CallPlan& call : calls) {
    for (size_t size : call.up) largest = std::max(largest, size);
  }
  return largest;
}

std::string Traffic::ToString() const {
  std::string text;
  for (size_t i = 0; i < calls.size(); ++i) {
    const CallPlan& call = calls[i];
    absl::StrAppend(
        &text, "call ", i, ": ", NameOf(call.kind), " ", runnel::AbslView(runnel::CodecName(codec)),
        " at ", absl::FormatDuration(call.start), ", up ", call.up.size(), " messages (",
        std::accumulate(call.up.begin(), call.up.end(), size_t{0}), " B), down ", call.down.size(),
        " (", std::accumulate(call.down.begin(), call.down.end(), size_t{0}), " B), pauses ",
        absl::FormatDuration(call.pause_up), "/");
    absl::StrAppend(&text, absl::FormatDuration(call.pause_down), "/",
                    absl::FormatDuration(call.pause_read), ", ",
                    absl::StatusCodeToString(call.outcome), "\n");
  }
  return text;
}

std::string NameOf(CallKind kind) {
  switch (kind) {
    case CallKind::kUnary:
      return "unary";
    case CallKind::kServerStream:
      return "server";
    case CallKind::kClientStream:
      return "client";
    case CallKind::kBidi:
      return "bidi";
  }
  return "";
}

std::string PayloadOf(size_t call, Direction direction, size_t index, size_t size) {
  Dice dice(call * 1'000'003 + index * 2 + (direction == Direction::kUp ? 0 : 1));
  std::string bytes;
  bytes.reserve(size + 8);
  while (bytes.size() < size) {
    const uint64_t word = dice.Next();
    bytes.append(reinterpret_cast<const char*>(&word), sizeof(word));
  }
  bytes.resize(size);
  return bytes;
}

absl::Status OutcomeOf(const CallPlan& call) {
  if (call.outcome == absl::StatusCode::kOk) return absl::OkStatus();
  return absl::Status(call.outcome, "as planned");
}

}  // namespace fault
