#include "runtime/server/server_context.h"

#include <algorithm>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "absl/strings/str_cat.h"

namespace runnel {

absl::Duration ServerContext::time_left() const {
  if (call_.deadline == absl::InfiniteFuture()) return absl::InfiniteDuration();
  return std::max(call_.deadline - call_.clock->Now(), absl::ZeroDuration());
}

const TraceContext& ServerContext::trace() const {
  if (!trace_) {
    const std::optional<TraceContext> caller = TraceContext::FromMetadata(call_.metadata);
    trace_ = caller ? caller->Child() : TraceContext::Begin();
  }
  return *trace_;
}

Awaitable<absl::Status> ServerContext::Sleep(absl::Duration duration) {
  if (IsCancelled()) co_return cancelled_;
  const absl::Status slept = co_await SleepFor(*call_.clock, duration);
  co_return slept.ok() || !IsCancelled() ? slept : cancelled_;
}

// No co_spawn: a coroutine on another thread would have to hear of cancellation there.
Awaitable<void> ServerContext::RunOnBlockingThread(absl::AnyInvocable<void()> run) {
  std::exception_ptr thrown;
  auto begin = [&](auto handler) {
    asio::post(call_.blocking_executor, [&, handler = std::move(handler)]() mutable {
      try {
        run();
      } catch (...) {
        thrown = std::current_exception();
      }
      auto loop = asio::get_associated_executor(handler);
      asio::post(loop, std::move(handler));
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(begin, asio::use_awaitable);
  if (thrown != nullptr) std::rethrow_exception(thrown);
}

void ServerContext::AddTo(Metadata& metadata, std::string_view key, std::string_view value) {
  Metadata entry;
  entry.Add(key, value);
  const absl::Status valid = entry.Validate();
  if (valid.ok()) {
    metadata.Add(key, value);
  } else if (metadata_error_.ok()) {
    metadata_error_ = absl::InternalError(
        absl::StrCat("the handler set metadata that cannot travel: ", valid.message()));
  }
}

void ServerContext::Cancel(absl::Status status) {
  if (cancelled_.ok()) cancelled_ = std::move(status);
}

}  // namespace runnel
