#include "runtime/server/server_call.h"

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_details.h"
#include "runtime/core/string_view.h"

namespace runnel {
namespace {

// What a call ends with whose handler has thrown. From inside the catch clause.
absl::Status Thrown(const MethodInfo& method) {
  try {
    throw;
  } catch (const std::exception& thrown) {
    return absl::UnknownError(
        absl::StrCat("the handler of ", AbslView(method.path), " threw: ", thrown.what()));
  } catch (...) {
    return absl::UnknownError(absl::StrCat("the handler of ", AbslView(method.path),
                                           " threw something that is no std::exception"));
  }
}

}  // namespace

void ServerCall::Start(CallGroup& calls, const MethodHandler& handler) {
  Start(calls, handler, calls.telemetry().method(LoopTelemetry::kUnregistered));
}

void ServerCall::Start(CallGroup& calls, const MethodHandler& handler, MethodCounters& counters) {
  calls_ = &calls;
  counters_ = &counters;
  number_ = ++calls.last_number_;
  started_ = context_.clock().Now();
  counters.started.Add();
  // Nobody waits for what would come of it.
  if (context_.deadline() != absl::InfiniteFuture()) {
    if (context_.deadline() <= started_) {
      return Cancel(absl::DeadlineExceededError("the call's deadline had passed when it came"));
    }
    deadline_ = context_.clock().CallAt(
        context_.executor(), context_.deadline(), [call = weak_from_this()] {
          if (auto self = call.lock()) {
            self->Cancel(absl::DeadlineExceededError("the call's deadline has passed"));
          }
        });
  }
  calls.Add(*this);
  task_ = calls.tasks_.Spawn(Run(shared_from_this(), calls, handler));
}

Awaitable<void> ServerCall::Run(std::shared_ptr<ServerCall> call, CallGroup& calls,
                                const MethodHandler& handler) {
  // The handler is the user's code: what it throws ends its call and nothing else.
  absl::Status status;
  try {
    status = co_await handler(call->context(), *call, *call);
  } catch (...) {
    status = Thrown(call->context().method());
  }
  if (status.ok()) status = call->context().metadata_error();
  calls.Remove(*call);
  call->End(std::move(status));
}

void ServerCall::Cancel(absl::Status status) {
  if (ended_) return;
  context_.Cancel(status);
  task_.Cancel();
  End(std::move(status));
}

void ServerCall::End(absl::Status status) {
  if (ended_) return;
  ended_ = true;
  deadline_.reset();
  if (calls_ != nullptr) Account(status);
  OnEnd(status);
}

void ServerCall::Account(const absl::Status& status) {
  const absl::Duration duration = context_.clock().Now() - started_;
  counters_->Ended(status.code(), duration);
  if (!calls_->telemetry().observed()) return;
  EndedCall ended{context_, status};
  ended.transport = transport();
  ended.session = session();
  ended.started = started_;
  ended.duration = duration;
  ended.traffic = traffic_;
  calls_->telemetry().CallEnded(ended);
}

LiveCall ServerCall::Describe() const {
  LiveCall live;
  live.number = number_;
  live.method = &context_.method();
  live.transport = transport();
  live.session = std::string(session());
  live.peer = context_.peer();
  live.principal = context_.principal();
  live.age = context_.clock().Now() - started_;
  live.time_left = context_.time_left();
  live.ended = ended_;
  live.traffic = traffic_;
  return live;
}

absl::Status CallGroup::TooMany() const {
  return WithErrorInfo(
      absl::ResourceExhaustedError(
          absl::StrCat("the server is busy with ", size_, " calls; limit is Limits::max_calls")),
      {.reason = "TOO_MANY_CALLS", .domain = "runnel", .metadata = {}});
}

absl::Status CallGroup::Refusal() { return absl::UnavailableError("the server is shutting down"); }

void CallGroup::Add(ServerCall& call) {
  call.older_ = newest_;
  (newest_ != nullptr ? newest_->newer_ : oldest_) = &call;
  newest_ = &call;
  ++size_;
}

void CallGroup::Remove(ServerCall& call) {
  (call.older_ != nullptr ? call.older_->newer_ : oldest_) = call.newer_;
  (call.newer_ != nullptr ? call.newer_->older_ : newest_) = call.older_;
  --size_;
}

void CallGroup::CancelAll(const absl::Status& status) {
  // A call leaves later, when its handler returns.
  std::vector<ServerCall*> calls;
  for (ServerCall* call = oldest_; call != nullptr; call = call->newer_) calls.push_back(call);
  for (ServerCall* call : calls) call->Cancel(status);
}

std::vector<LiveCall> CallGroup::Describe(
    uint64_t& after, size_t most, const std::function<bool(const ServerCall&)>& wanted) const {
  std::vector<LiveCall> described;
  const ServerCall* next = oldest_;
  while (next != nullptr && next->number_ <= after) next = next->newer_;
  for (; next != nullptr && most > 0; next = next->newer_, --most) {
    after = next->number_;
    if (wanted(*next)) described.push_back(next->Describe());
  }
  if (next == nullptr) after = 0;
  return described;
}

}  // namespace runnel
