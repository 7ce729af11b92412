#include "tests/benchmark/ticks.h"

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"

namespace runnel::benchmark {
namespace {

// A time of our days, so that its varint and its digits are as long as a real one's.
constexpr int64_t kFirstTime = 1'700'000'000'000'000'000;

// Looks random, and is the same on every machine.
char PayloadByte(size_t i) { return static_cast<char>((i * 2654435761u) >> 13); }

}  // namespace

Tick MakeTick(int payload_bytes) {
  Tick tick;
  tick.set_symbol("RUNL");
  tick.set_bid(42.25);
  tick.set_ask(42.75);
  tick.set_time_ns(kFirstTime);
  std::string payload(static_cast<size_t>(payload_bytes), '\0');
  for (size_t i = 0; i < payload.size(); ++i) payload[i] = PayloadByte(i);
  tick.set_payload(payload);
  return tick;
}

void SetSequence(Tick& tick, int64_t sequence) { tick.set_time_ns(kFirstTime + sequence); }

absl::Status CheckTick(const Tick& tick, int64_t sequence, int payload_bytes) {
  if (tick.time_ns() != kFirstTime + sequence) {
    return absl::DataLossError(absl::StrCat("tick ", tick.time_ns() - kFirstTime,
                                            " arrived where tick ", sequence, " was due"));
  }
  const std::string& payload = tick.payload();
  const bool same_ends = payload.empty() || (payload.front() == PayloadByte(0) &&
                                             payload.back() == PayloadByte(payload.size() - 1));
  if (payload.size() != static_cast<size_t>(payload_bytes) || !same_ends ||
      tick.symbol() != "RUNL" || tick.bid() != 42.25 || tick.ask() != 42.75) {
    return absl::DataLossError(absl::StrCat("tick ", sequence, " arrived with a payload of ",
                                            payload.size(), " bytes, ", payload_bytes,
                                            " expected, or with other contents"));
  }
  return absl::OkStatus();
}

}  // namespace runnel::benchmark
