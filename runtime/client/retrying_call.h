// RetryingCall is a client's call: one attempt, and others where the first is known to have come
// to nothing, so that whoever makes the call does not notice.

#ifndef RUNNEL_RUNTIME_CLIENT_RETRYING_CALL_H_
#define RUNNEL_RUNTIME_CLIENT_RETRYING_CALL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "runtime/async/clock.h"
#include "runtime/async/signal.h"
#include "runtime/client/backoff.h"
#include "runtime/client/call_attempt.h"
#include "runtime/client/client_call.h"
#include "runtime/client/retry_policy.h"
#include "runtime/client/server_list.h"
#include "runtime/core/codec.h"
#include "runtime/core/limits.h"

namespace runnel {

// Messages are kept until the server has given a sign that it has taken the call, or until they are
// too many; until then another attempt can begin where this one did.
class RetryingCall final : public ClientCall {
 public:
  // What all calls of a channel have in common.
  struct Options {
    std::shared_ptr<ServerList> servers;
    Codec codec = Codec::kProto;
    Limits limits;
    RetryPolicy retry;
    Executor executor;
    Clock* clock = nullptr;
  };

  // `method` outlives the call.
  RetryingCall(std::shared_ptr<const Options> options, Route route, const MethodInfo& method,
               CallOptions call);
  ~RetryingCall() override;

  Awaitable<absl::Status> Write(const google::protobuf::Message& message,
                                const WriteOptions& options) override;
  bool TryWrite(const google::protobuf::Message& message, const WriteOptions& options) override;
  Awaitable<absl::Status> WritesDone() override;
  Awaitable<absl::StatusOr<bool>> Read(google::protobuf::Message& message) override;
  bool TryRead(google::protobuf::Message& message) override;
  const Metadata& initial_metadata() const override;
  const Metadata& trailing_metadata() const override;
  void Cancel() override;

 private:
  using Attempt = std::shared_ptr<CallAttempt>;

  // A message of the attempt of the moment.
  absl::Status Take(std::string_view bytes, google::protobuf::Message& message);
  // Begins the first attempt.
  absl::Status Start();
  // Does what Flush does where nothing has to wait. Whether all messages were passed on.
  bool TryFlush();
  // The next message, which the attempt is about to get.
  std::string TakeNext();
  bool NextIsLast() const { return half_closed_ && passed_ + 1 == written_; }
  // What Write and WritesDone end with.
  Awaitable<absl::Status> FlushAll();
  // Passes the messages up to number `last` on to the attempt of the moment, and the half-close
  // behind them if they are all.
  Awaitable<absl::Status> Flush(uint64_t last);
  // One step of that: OK, or what the attempt has failed with.
  Awaitable<absl::Status> FlushTo(Attempt attempt, uint64_t last);
  // `attempt` has ended. OK: there is another now. Else what it ended with, or why there is none.
  Awaitable<absl::Status> Recover(Attempt attempt);
  Awaitable<absl::Status> TryElsewhere(absl::Status failure);
  absl::Status BeginAttempt(size_t server);
  bool MayRetry() const;
  Awaitable<absl::Status> Pause(absl::Time until);

  // The server has taken the call: nothing is kept any more.
  void Commit();
  void Abort(absl::Status status);
  void End(absl::Status status);
  absl::Status Over() const;

  const std::shared_ptr<const Options> shared_options_;
  const Options& options_;
  const Route route_;
  const MethodInfo& method_;
  const CallOptions call_;
  const absl::Time deadline_;
  std::unique_ptr<Timer> timer_;

  Attempt attempt_;
  size_t server_ = 0;       // of the attempt
  std::set<size_t> tried_;  // servers that did not take the call
  int attempts_ = 0;        // that may have run
  bool attempt_never_ran_ = true;
  bool recovering_ = false;
  Signal recovered_;
  Backoff backoff_;

  absl::InlinedVector<std::string, 1> messages_;  // that have been written and may be needed again
  uint64_t first_message_ = 0;                    // number of the first of them
  uint64_t written_ = 0;
  size_t message_bytes_ = 0;
  bool half_closed_ = false;
  uint64_t passed_ = 0;  // messages that the attempt has
  bool half_close_passed_ = false;
  int writing_ = 0;  // Writes under way
  bool flushing_ = false;
  Signal flushed_;
  bool committed_ = false;

  std::optional<absl::Status> end_;
  Signal ended_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_RETRYING_CALL_H_
