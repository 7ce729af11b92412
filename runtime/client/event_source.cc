#include "runtime/client/event_source.h"

#include <boost/asio/dispatch.hpp>
#include <mutex>
#include <utility>

#include "runtime/async/on_executor.h"
#include "runtime/client/event_source_state.h"

namespace runnel {

EventSource::EventSource(Executor executor, std::string_view url, EventSourceOptions options)
    : state_(std::make_shared<State>(std::move(executor), url, std::move(options))) {}

EventSource::~EventSource() {
  // What it holds belongs to the loop, and goes there.
  const Executor executor = state_->executor;
  asio::dispatch(executor, [state = std::move(state_)] {
    state->Close(absl::CancelledError("the event source was destroyed"));
  });
}

Awaitable<absl::StatusOr<std::optional<SourceEvent>>> EventSource::Read() {
  return OnExecutor(state_->executor, State::Read(state_));
}

Awaitable<absl::StatusOr<bool>> EventSource::Open() {
  return OnExecutor(state_->executor, State::Open(state_));
}

void EventSource::Close() {
  asio::dispatch(state_->executor, [state = state_] {
    state->Close(absl::CancelledError("the event source was closed"));
  });
}

Executor EventSource::executor() const { return state_->executor; }

EventSourceStatus EventSource::status() const {
  const std::lock_guard lock(state_->mutex);
  return state_->status;
}

std::string EventSource::last_event_id() const {
  const std::lock_guard lock(state_->mutex);
  return state_->last_event_id;
}

absl::Duration EventSource::reconnection_time() const {
  const std::lock_guard lock(state_->mutex);
  return state_->reconnection_time;
}

std::string EventSource::url() const {
  const std::lock_guard lock(state_->mutex);
  return state_->shown_url;
}

}  // namespace runnel
