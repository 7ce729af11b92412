// The fixture of the tests of EventSource.

#ifndef RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_TEST_FIXTURE_H_
#define RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_TEST_FIXTURE_H_

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "runtime/async/task_group.h"
#include "runtime/client/event_source.h"
#include "runtime/client/scripted_http.h"
#include "runtime/testing/manual_clock.h"

namespace runnel {

inline const absl::Status kRefused = absl::UnavailableError("connection refused");

class EventSourceTest : public testing::Test {
 protected:
  using ReadResult = absl::StatusOr<std::optional<SourceEvent>>;

  EventSourceTest() {
    options_.clock = &clock_;
    options_.retry.jitter = 0;
    options_.http = scripted::HttpOf(script_);
  }
  ~EventSourceTest() override {
    source_.reset();
    Poll();
    EXPECT_EQ(script_->open_bodies, 0);
  }

  void Poll() {
    context_.restart();
    context_.poll();
  }

  // With the steps that its requests will find.
  void Make(std::vector<scripted::Step> steps, std::string url = "http://host/stream") {
    for (scripted::Step& step : steps) script_->steps.push_back(std::move(step));
    source_ = std::make_unique<EventSource>(context_.get_executor(), url, options_);
  }

  // An event as "type data id", or what Read returned instead.
  static std::string Text(const ReadResult& result) {
    if (!result.ok()) return absl::StatusCodeToString(result.status().code());
    if (!*result) return "(no more)";
    const SourceEvent& event = **result;
    if (event.comment) return absl::StrCat(": ", event.data);
    return absl::StrCat(event.type, " ", event.data, " ", event.id, event.raw.empty() ? "" : " ",
                        event.raw);
  }

  void StartRead() {
    result_.reset();
    task_ = tasks_.Spawn(Keep(source_->Read(), &result_));
    Poll();
  }
  // What a Read returns without time going by.
  std::string Read() {
    StartRead();
    return Result();
  }
  std::string Result() { return result_ ? Text(*result_) : "(waits)"; }
  std::string Message() { return std::string(result_->status().message()); }
  // What the read under way returns then.
  std::string After(absl::Duration time) {
    clock_.Advance(time);
    Poll();
    return Result();
  }
  scripted::Strings ReadAllNow() {
    scripted::Strings all;
    do {
      all.push_back(Read());
    } while (result_ && result_->ok() && result_->value());
    return all;
  }

  const scripted::Seen& seen(size_t i) const { return script_->seen.at(i); }
  size_t requests() const { return script_->seen.size(); }
  EventSourceState state() const { return source_->status().state; }

  template <typename T>
  static Awaitable<void> Keep(Awaitable<T> task, std::optional<T>* result) {
    result->emplace(co_await std::move(task));
  }

  ManualClock clock_;
  asio::io_context context_{1};
  std::shared_ptr<scripted::Script> script_ = std::make_shared<scripted::Script>();
  EventSourceOptions options_;
  std::unique_ptr<EventSource> source_;
  TaskGroup tasks_{context_.get_executor()};
  Task task_;
  std::optional<ReadResult> result_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_TEST_FIXTURE_H_
