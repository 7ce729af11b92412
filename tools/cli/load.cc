#include "tools/cli/load.h"

#include <boost/asio/this_coro.hpp>
#include <utility>

#include "runtime/async/task_group.h"
#include "tools/cli/json_text.h"

namespace runnel::cli {
namespace {

// How long calls that have no end of their own are waited for when the time is over.
constexpr absl::Duration kPatience = absl::Seconds(10);

}  // namespace

struct Load::Running {
  explicit Running(const Executor& executor) : callers(executor) {}
  TaskGroup callers;
};

Load::Load(LoadPlan plan) : plan_(std::move(plan)), clock_(*plan_.clock) {}
Load::~Load() = default;

absl::Duration Load::elapsed() const { return clock_.Now() - start_; }

Awaitable<void> Load::Run() {
  const Executor here = co_await asio::this_coro::executor;
  running_ = std::make_unique<Running>(here);
  start_ = clock_.Now();
  end_ = start_ + plan_.duration;
  for (uint64_t i = 0; i < plan_.callers; ++i) running_->callers.Spawn(CallAgainAndAgain());
  bool done = co_await running_->callers.JoinUntil(clock_, end_);
  over_ = true;
  result_.elapsed = elapsed();
  if (!done && !plan_.method.server_streams() && !stopped_) {
    done = co_await running_->callers.JoinUntil(clock_, end_ + kPatience);
  }
  if (!done) {
    running_->callers.Cancel();
    co_await running_->callers.Join();
  }
  if (plan_.rate > 0 && !stopped_) {
    const auto due = static_cast<uint64_t>(plan_.rate * absl::ToDoubleSeconds(plan_.duration));
    result_.never_made = due > begun_ ? due - begun_ : 0;
  }
}

void Load::Stop() {
  stopped_ = true;
  if (running_ != nullptr) running_->callers.Cancel();
}

absl::Time Load::NextBegin() {
  if (stopped_ || over_) return absl::InfiniteFuture();
  if (plan_.rate <= 0) {
    ++begun_;
    return clock_.Now();
  }
  const absl::Time due = start_ + absl::Seconds(static_cast<double>(begun_) / plan_.rate);
  if (due >= end_) return absl::InfiniteFuture();
  ++begun_;
  return due;
}

Awaitable<void> Load::CallAgainAndAgain() {
  while (true) {
    const absl::Time begin = NextBegin();
    if (begin == absl::InfiniteFuture()) co_return;
    if (begin > clock_.Now()) {
      const absl::Status slept = co_await SleepUntil(clock_, begin);
      if (!slept.ok()) co_return;
    }
    const absl::Status status = co_await CallOnce(begin);
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
      ++result_.cut_short;
      co_return;
    }
    Count(status, begin);
  }
}

Awaitable<absl::Status> Load::CallOnce(absl::Time begin) {
  std::unique_ptr<ClientCall> call = plan_.channel->NewCall(plan_.method, plan_.options);
  JsonText request(*plan_.request_type);
  WriteOptions write;
  for (size_t i = 0; i < plan_.requests.size(); ++i) {
    request.text() = plan_.requests[i];
    write.last = i + 1 == plan_.requests.size();
    // An error is the end of the call, whose status Read has.
    const absl::Status written = co_await call->Write(request, write);
    if (!written.ok()) break;
  }
  JsonText response(*plan_.response_type);
  bool first = true;
  while (true) {
    bool more = call->TryRead(response);
    if (!more) {
      absl::StatusOr<bool> read = co_await call->Read(response);
      if (!read.ok()) co_return read.status();
      more = *read;
    }
    if (!more) co_return absl::OkStatus();
    ++result_.messages;
    if (std::exchange(first, false)) result_.first_messages.Add(clock_.Now() - begin);
  }
}

void Load::Count(const absl::Status& status, absl::Time begin) {
  if (status.ok()) {
    result_.calls.Add(clock_.Now() - begin);
  } else {
    ++result_.failures[status.code()];
    if (result_.example.ok()) result_.example = status;
  }
}

}  // namespace runnel::cli
