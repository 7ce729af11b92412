// ServerContext is what a handler knows about its call beside the messages.

#ifndef RUNNEL_RUNTIME_SERVER_SERVER_CONTEXT_H_
#define RUNNEL_RUNTIME_SERVER_SERVER_CONTEXT_H_

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/core/metadata.h"
#include "runtime/core/method_info.h"
#include "runtime/core/trace_context.h"

namespace runnel {

// Lives as long as the handler runs; use it on the handler's loop only.
class ServerContext {
 public:
  struct Call {
    const MethodInfo* method = nullptr;
    Metadata metadata;
    std::string peer;
    std::string principal;
    absl::Time deadline = absl::InfiniteFuture();
    std::string last_event_id;
    Clock* clock = nullptr;
    Executor executor;           // the handler's loop
    Executor blocking_executor;  // threads that may block
  };

  explicit ServerContext(Call call) : call_(std::move(call)) {}
  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;

  const MethodInfo& method() const { return *call_.method; }
  const Metadata& client_metadata() const { return call_.metadata; }
  // "127.0.0.1:53122"
  const std::string& peer() const { return call_.peer; }
  // Who calls: what ServerOptions::authenticate said. Empty for anybody.
  const std::string& principal() const { return call_.principal; }
  absl::Time deadline() const { return call_.deadline; }
  // What to give calls made on behalf of this one as CallOptions::timeout. Infinite without a
  // deadline.
  absl::Duration time_left() const;
  // The call's place in a distributed trace: a span of its own in what the caller sent
  // (`traceparent`), or in a trace that begins here. For calls made on behalf of this one:
  //
  //   CallOptions options;
  //   context.trace().AddTo(options.metadata);
  const TraceContext& trace() const;
  // For resumable methods: the id of the last message the client has (Writer::WriteWithId),
  // empty on a first call. From the client: check it.
  const std::string& last_event_id() const { return call_.last_event_id; }

  // Sent before the first message; without effect after it. An entry that cannot travel
  // (Metadata::Validate) is left out, and the call that would end well ends INTERNAL instead.
  void AddInitialMetadata(std::string_view key, std::string_view value) {
    AddTo(initial_metadata_, key, value);
  }
  // Sent with the status.
  void AddTrailingMetadata(std::string_view key, std::string_view value) {
    AddTo(trailing_metadata_, key, value);
  }
  const Metadata& initial_metadata() const { return initial_metadata_; }
  const Metadata& trailing_metadata() const { return trailing_metadata_; }
  // What was wrong with the first entry that was left out.
  const absl::Status& metadata_error() const { return metadata_error_; }

  // Whether the client has cancelled, gone away, or run out of time: what is still written
  // reaches nobody. Pending operations of the handler return CANCELLED or DEADLINE_EXCEEDED by
  // themselves.
  bool IsCancelled() const { return !cancelled_.ok(); }
  // OK, CANCELLED or DEADLINE_EXCEEDED.
  const absl::Status& cancel_status() const { return cancelled_; }

  // Waits without holding the loop. Returns cancel_status() early when the call is cancelled.
  Awaitable<absl::Status> Sleep(absl::Duration duration);

  // Runs `work`, which may block (a database, a file, a long computation), on a thread where
  // that harms nobody, and returns its result on the handler's loop:
  //
  //   std::string text = co_await context.RunBlocking([&] { return ReadFile(path); });
  //
  // `work` is always waited for, so it may refer to the handler's variables; it should look
  // at no ServerContext. A long one takes a std::atomic<bool> to learn of cancellation.
  template <typename Work>
  Awaitable<std::invoke_result_t<Work>> RunBlocking(Work work) {
    using Result = std::invoke_result_t<Work>;
    if constexpr (std::is_void_v<Result>) {
      absl::AnyInvocable<void()> run = [&work] { work(); };
      co_await RunOnBlockingThread(std::move(run));
    } else {
      std::optional<Result> result;
      absl::AnyInvocable<void()> run = [&work, &result] { result.emplace(work()); };
      co_await RunOnBlockingThread(std::move(run));
      co_return *std::move(result);
    }
  }

  Clock& clock() const { return *call_.clock; }
  const Executor& executor() const { return call_.executor; }

  // For the runtime and for tests of handlers: marks the call as cancelled with `status`. The first
  // one counts.
  void Cancel(absl::Status status);

 private:
  // Returns when `run` has, and throws what it threw.
  Awaitable<void> RunOnBlockingThread(absl::AnyInvocable<void()> run);
  void AddTo(Metadata& metadata, std::string_view key, std::string_view value);

  Call call_;
  mutable std::optional<TraceContext> trace_;  // made when somebody asks
  Metadata initial_metadata_;
  Metadata trailing_metadata_;
  absl::Status metadata_error_;
  absl::Status cancelled_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_SERVER_CONTEXT_H_
