// LogLine makes one line of a log: names with values, as JSON or as text.

#ifndef RUNNEL_LOG_LINE_H_
#define RUNNEL_LOG_LINE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace runnel {

// {"time":"2026-11-22T06:05:53.123456Z","event":"call","peer":"127.0.0.1:5000"}
// time=2026-11-22T06:05:53.123456Z event=call peer=127.0.0.1:5000
enum class LogFormat { kJson, kText };

// Values may be anything: what is no printable text becomes escapes (\u001b), and what is no UTF-8
// becomes U+FFFD, so that no value begins a line of its own or moves a terminal's cursor. Text is
// quoted where it is empty or has a space, a quote, a backslash or `=`. Long values are cut.
class LogLine {
 public:
  // Begins with the time. Appends to `out`, which outlives the line.
  LogLine(LogFormat format, absl::Time time, std::string& out);

  // Names are [a-z_]+.
  LogLine& Add(std::string_view name, std::string_view value);
  LogLine& Add(std::string_view name, const char* value) {
    return Add(name, std::string_view(value));
  }
  LogLine& Add(std::string_view name, uint64_t value);
  LogLine& Add(std::string_view name, bool value);
  LogLine& Add(std::string_view name, absl::Time value);
  // In milliseconds, to the microsecond: name it `…_ms`.
  LogLine& AddMilliseconds(std::string_view name, absl::Duration value);

  // Ends the line.
  void End();

 private:
  void Name(std::string_view name);

  const LogFormat format_;
  std::string& out_;
  bool first_ = true;
};

}  // namespace runnel

#endif  // RUNNEL_LOG_LINE_H_
