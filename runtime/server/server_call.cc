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
  // Nobody waits for what would come of it.
  if (context_.deadline() != absl::InfiniteFuture()) {
    if (context_.deadline() <= context_.clock().Now()) {
      return Cancel(absl::DeadlineExceededError("the call's deadline had passed when it came"));
    }
    deadline_ = context_.clock().CallAt(
        context_.executor(), context_.deadline(), [call = weak_from_this()] {
          if (auto self = call.lock()) {
            self->Cancel(absl::DeadlineExceededError("the call's deadline has passed"));
          }
        });
  }
  calls.calls_.insert(this);
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
  calls.calls_.erase(call.get());
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
  OnEnd(status);
}

absl::Status CallGroup::TooMany() const {
  return WithErrorInfo(
      absl::ResourceExhaustedError(absl::StrCat("the server is busy with ", calls_.size(),
                                                " calls; limit is Limits::max_calls")),
      {.reason = "TOO_MANY_CALLS", .domain = "runnel", .metadata = {}});
}

absl::Status CallGroup::Refusal() { return absl::UnavailableError("the server is shutting down"); }

void CallGroup::CancelAll(const absl::Status& status) {
  const absl::flat_hash_set<ServerCall*> calls =
      calls_;  // a call leaves later, when its handler returns
  for (ServerCall* call : calls) call->Cancel(status);
}

}  // namespace runnel
