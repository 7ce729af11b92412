#include "services/examples/ingest/time_text.h"

#include <string>

#include "absl/time/civil_time.h"

namespace examples::ingest {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Reads a text from its start; a step that does not match leaves `ok` false for good.
struct Scan {
  std::string_view rest;
  bool ok = true;

  int Digits(size_t count) {
    int number = 0;
    for (size_t i = 0; i < count; ++i) {
      if (i >= rest.size() || !IsDigit(rest[i])) return ok = false, 0;
      number = number * 10 + (rest[i] - '0');
    }
    rest.remove_prefix(count);
    return number;
  }
  bool Skip(std::string_view any_of) {
    if (rest.empty() || any_of.find(rest.front()) == std::string_view::npos) return false;
    rest.remove_prefix(1);
    return true;
  }
  void Need(std::string_view any_of) { ok = Skip(any_of) && ok; }
};

// The digits behind the point, as many as there are.
absl::Duration Fraction(Scan& scan) {
  absl::Duration fraction, unit = absl::Seconds(1);
  while (!scan.rest.empty() && IsDigit(scan.rest.front())) {
    unit /= 10;
    fraction += unit * (scan.rest.front() - '0');
    scan.rest.remove_prefix(1);
  }
  return fraction;
}

// How far local time is ahead of UTC.
absl::Duration Zone(Scan& scan) {
  if (scan.Skip("Z") || scan.rest.empty()) return absl::ZeroDuration();
  const int sign = scan.rest.front() == '-' ? -1 : 1;
  Scan zone = scan;
  zone.Need("+-");
  const int hours = zone.Digits(2);
  zone.Skip(":");
  const int minutes = zone.Digits(2);
  if (!zone.ok) return absl::ZeroDuration();  // something else follows the time
  scan = zone;
  return sign * (absl::Hours(hours) + absl::Minutes(minutes));
}

std::optional<absl::Time> Civil(int year, int month, int day, int hour, int minute, int second) {
  const absl::CivilSecond civil(year, month, day, hour, minute, second);
  // 31 February becomes a day in March, and so is none.
  if (civil.month() != month || civil.day() != day || civil.hour() != hour ||
      civil.minute() != minute || civil.second() != second) {
    return std::nullopt;
  }
  return absl::FromCivil(civil, absl::UTCTimeZone());
}

enum class DateAlone { kIsATime, kIsNone };

// Reads an ISO 8601 time and moves `scan` behind it.
std::optional<absl::Time> IsoTime(Scan& scan, DateAlone date_alone) {
  const int year = scan.Digits(4);
  scan.Need("-");
  const int month = scan.Digits(2);
  scan.Need("-");
  const int day = scan.Digits(2);
  if (!scan.ok) return std::nullopt;
  if (scan.rest.empty() && date_alone == DateAlone::kIsATime)
    return Civil(year, month, day, 0, 0, 0);
  scan.Need("T ");
  const int hour = scan.Digits(2);
  scan.Need(":");
  const int minute = scan.Digits(2);
  scan.Need(":");
  const int second = scan.Digits(2);
  if (!scan.ok) return std::nullopt;
  std::optional<absl::Time> time = Civil(year, month, day, hour, minute, second);
  if (!time) return std::nullopt;
  if (scan.rest.size() > 1 && IsDigit(scan.rest[1]) && scan.Skip(".,")) *time += Fraction(scan);
  return *time - Zone(scan);
}

// "[10/Oct/2000:13:55:36 -0700]", from its bracket on.
std::optional<absl::Time> AccessLogTime(std::string_view text) {
  constexpr size_t kLength = 28;
  if (text.size() < kLength || text[kLength - 1] != ']' || text[3] != '/') return std::nullopt;
  absl::Time time;
  std::string error;
  const std::string inside(text.substr(1, kLength - 2));
  if (!absl::ParseTime("%d/%b/%Y:%H:%M:%S %z", inside, &time, &error)) return std::nullopt;
  return time;
}

}  // namespace

std::optional<absl::Time> FindTime(std::string_view line) {
  for (size_t i = 0; i < line.size(); ++i) {
    std::optional<absl::Time> time;
    if (line[i] == '[') {
      time = AccessLogTime(line.substr(i));
    } else if (IsDigit(line[i]) && (i == 0 || !IsDigit(line[i - 1]))) {
      Scan scan{line.substr(i)};
      time = IsoTime(scan, DateAlone::kIsNone);
    }
    if (time) return time;
  }
  return std::nullopt;
}

std::optional<absl::Time> ParseTime(std::string_view text) {
  Scan scan{text};
  std::optional<absl::Time> time = IsoTime(scan, DateAlone::kIsATime);
  return scan.rest.empty() ? time : std::nullopt;
}

}  // namespace examples::ingest
