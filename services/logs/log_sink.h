// LogSink is where lines of a log go.

#ifndef RUNNEL_LOG_SINK_H_
#define RUNNEL_LOG_SINK_H_

#include <string_view>

namespace runnel {

// Used by every event loop at once, and in the midst of their work: it returns at once, and rather
// drops a line than waits.
class LogSink {
 public:
  virtual ~LogSink() = default;
  // `line` ends with its only newline.
  virtual void Write(std::string_view line) = 0;
};

}  // namespace runnel

#endif  // RUNNEL_LOG_SINK_H_
