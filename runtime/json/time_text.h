// Timestamps and Durations as the JSON of protobuf writes and reads them.

#ifndef RUNNEL_RUNTIME_JSON_TIME_TEXT_H_
#define RUNNEL_RUNTIME_JSON_TIME_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace runnel {

struct SecondsAndNanos {
  int64_t seconds = 0;
  int32_t nanos = 0;
};

// `"2026-11-21T16:00:00.123456789Z"`, and some more.
inline constexpr size_t kMaxTimeText = 40;

// Write the JSON string, with its quotation marks and 0, 3, 6 or 9 decimals, at `to`, where there
// is room for kMaxTimeText characters. Return its end, or nullptr when it is out of range: years
// 1 to 9999 and nanoseconds that are not negative; 315,576,000,000 s and nanoseconds of the same
// sign.
char* WriteTimestamp(SecondsAndNanos time, char* to);
char* WriteDuration(SecondsAndNanos duration, char* to);

// Read what stands between the quotation marks: RFC 3339 with any offset from UTC; seconds with an
// `s` behind them. Decimals of a time beyond the ninth are dropped. False for anything else, and
// for what is out of range.
bool ReadTimestamp(std::string_view text, SecondsAndNanos& time);
bool ReadDuration(std::string_view text, SecondsAndNanos& duration);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_JSON_TIME_TEXT_H_
