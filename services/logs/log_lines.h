// LogLinesTo writes what says a line of text now and then: feeds over Redis, clients of Redis.
//
//   runnel::RedisTopicOptions options;
//   options.log = runnel::LogLinesTo(sink, "feed");
//
//   time=2026-11-22T06:05:53.123456Z event=feed message="…"

#ifndef RUNNEL_LOG_LINES_H_
#define RUNNEL_LOG_LINES_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "runnel/log_line.h"
#include "runnel/log_sink.h"

namespace runnel {

// `event` names them among the lines of the log. What is returned may be called on any thread.
std::function<void(std::string_view)> LogLinesTo(std::shared_ptr<LogSink> sink, std::string event,
                                                 LogFormat format = LogFormat::kText);

}  // namespace runnel

#endif  // RUNNEL_LOG_LINES_H_
