#include "runtime/json/time_text.h"

#include <charconv>
#include <chrono>
#include <system_error>

namespace runnel {
namespace {

constexpr int64_t kMinTime = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr int64_t kMaxTime = 253'402'300'799;  // 9999-12-31T23:59:59Z
constexpr int64_t kMaxDuration = 315'576'000'000;
constexpr int32_t kNanosPerSecond = 1'000'000'000;
constexpr int64_t kSecondsPerDay = 86'400;

// `size` digits.
char* WriteDigits(uint32_t value, int size, char* to) {
  for (int i = size - 1; i >= 0; --i, value /= 10) to[i] = static_cast<char>('0' + value % 10);
  return to + size;
}

char* WriteNanos(int32_t nanos, char* to) {
  if (nanos == 0) return to;
  *to++ = '.';
  if (nanos % 1'000'000 == 0) return WriteDigits(static_cast<uint32_t>(nanos / 1'000'000), 3, to);
  if (nanos % 1'000 == 0) return WriteDigits(static_cast<uint32_t>(nanos / 1'000), 6, to);
  return WriteDigits(static_cast<uint32_t>(nanos), 9, to);
}

// Takes exactly `size` digits from the front.
bool TakeDigits(std::string_view& text, size_t size, int32_t min, int32_t max, int32_t& value) {
  if (text.size() < size) return false;
  value = 0;
  for (size_t i = 0; i < size; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(size);
  return value >= min && value <= max;
}

bool Take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// The digits behind a point; how many there were.
size_t TakeNanos(std::string_view& text, int32_t& nanos) {
  size_t count = 0;
  int32_t unit = kNanosPerSecond / 10;
  for (nanos = 0; count < text.size() && text[count] >= '0' && text[count] <= '9'; ++count) {
    nanos += (text[count] - '0') * unit;
    unit /= 10;
  }
  text.remove_prefix(count);
  return count;
}

}  // namespace

char* WriteTimestamp(SecondsAndNanos time, char* to) {
  if (time.seconds < kMinTime || time.seconds > kMaxTime || time.nanos < 0 ||
      time.nanos >= kNanosPerSecond) {
    return nullptr;
  }
  const std::chrono::sys_seconds seconds{std::chrono::seconds(time.seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const auto second = static_cast<uint32_t>((seconds - day).count());
  *to++ = '"';
  to = WriteDigits(static_cast<uint32_t>(static_cast<int>(date.year())), 4, to);
  *to++ = '-';
  to = WriteDigits(static_cast<unsigned>(date.month()), 2, to);
  *to++ = '-';
  to = WriteDigits(static_cast<unsigned>(date.day()), 2, to);
  *to++ = 'T';
  to = WriteDigits(second / 3600, 2, to);
  *to++ = ':';
  to = WriteDigits(second / 60 % 60, 2, to);
  *to++ = ':';
  to = WriteDigits(second % 60, 2, to);
  to = WriteNanos(time.nanos, to);
  *to++ = 'Z';
  *to++ = '"';
  return to;
}

char* WriteDuration(SecondsAndNanos duration, char* to) {
  auto [seconds, nanos] = duration;
  if (seconds < -kMaxDuration || seconds > kMaxDuration || nanos <= -kNanosPerSecond ||
      nanos >= kNanosPerSecond || (seconds < 0 && nanos > 0) || (seconds > 0 && nanos < 0)) {
    return nullptr;
  }
  *to++ = '"';
  if (seconds < 0 || nanos < 0) {
    *to++ = '-';
    seconds = -seconds;
    nanos = -nanos;
  }
  to = std::to_chars(to, to + 20, seconds).ptr;
  to = WriteNanos(nanos, to);
  *to++ = 's';
  *to++ = '"';
  return to;
}

bool ReadTimestamp(std::string_view text, SecondsAndNanos& time) {
  int32_t year, month, day, hour, minute, second;
  if (!TakeDigits(text, 4, 1, 9999, year) || !Take(text, '-') ||
      !TakeDigits(text, 2, 1, 12, month) || !Take(text, '-') || !TakeDigits(text, 2, 1, 31, day) ||
      !Take(text, 'T') || !TakeDigits(text, 2, 0, 23, hour) || !Take(text, ':') ||
      !TakeDigits(text, 2, 0, 59, minute) || !Take(text, ':') ||
      !TakeDigits(text, 2, 0, 59, second)) {
    return false;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return false;
  time.nanos = 0;
  if (Take(text, '.') && TakeNanos(text, time.nanos) == 0) return false;
  int64_t offset = 0;
  if (!Take(text, 'Z')) {
    const bool ahead = Take(text, '+');
    int32_t hours, minutes;
    if ((!ahead && !Take(text, '-')) || !TakeDigits(text, 2, 0, 23, hours) || !Take(text, ':') ||
        !TakeDigits(text, 2, 0, 59, minutes)) {
      return false;
    }
    offset = (hours * 60 + minutes) * 60 * (ahead ? 1 : -1);
  }
  time.seconds = int64_t{std::chrono::sys_days(date).time_since_epoch().count()} * kSecondsPerDay +
                 hour * 3600 + minute * 60 + second - offset;
  return text.empty() && time.seconds >= kMinTime && time.seconds <= kMaxTime;
}

bool ReadDuration(std::string_view text, SecondsAndNanos& duration) {
  const bool negative = Take(text, '-');
  if (text.empty() || text[0] < '0' || text[0] > '9') return false;
  const auto [stop, error] =
      std::from_chars(text.data(), text.data() + text.size(), duration.seconds);
  if (error != std::errc() || duration.seconds > kMaxDuration) return false;
  text.remove_prefix(static_cast<size_t>(stop - text.data()));
  duration.nanos = 0;
  if (Take(text, '.')) {
    const size_t count = TakeNanos(text, duration.nanos);
    if (count == 0 || count > 9) return false;
  }
  if (negative) {
    duration.seconds = -duration.seconds;
    duration.nanos = -duration.nanos;
  }
  return text == "s";
}

}  // namespace runnel
