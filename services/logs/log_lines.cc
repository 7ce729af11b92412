#include "runnel/log_lines.h"

#include <utility>

#include "absl/time/clock.h"

namespace runnel {

std::function<void(std::string_view)> LogLinesTo(std::shared_ptr<LogSink> sink, std::string event,
                                                 LogFormat format) {
  return [sink = std::move(sink), event = std::move(event), format](std::string_view message) {
    std::string text;
    LogLine(format, absl::Now(), text).Add("event", event).Add("message", message).End();
    sink->Write(text);
  };
}

}  // namespace runnel
