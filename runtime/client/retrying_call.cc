#include "runtime/client/retrying_call.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"

namespace runnel {
namespace {

// What a call keeps for another attempt. A server that takes it gives a sign long before.
constexpr size_t kMaxKeptBytes = 1024 * 1024;

const Metadata& NoMetadata() {
  static const Metadata* const none = new Metadata;
  return *none;
}

// What is left to say to who goes on after this end.
absl::Status After(const absl::Status& end) {
  return end.ok() ? absl::CancelledError("the call is over") : end;
}

}  // namespace

RetryingCall::RetryingCall(std::shared_ptr<const Options> options, Route route,
                           const MethodInfo& method, CallOptions call)
    : shared_options_(std::move(options)),
      options_(*shared_options_),
      route_(route),
      method_(method),
      call_(std::move(call)),
      deadline_(options_.clock->Now() + call_.timeout),
      backoff_(options_.retry.first_pause, options_.retry.longest_pause) {
  if (call_.timeout == absl::InfiniteDuration()) return;
  timer_ = options_.clock->CallAt(options_.executor, deadline_, [this] {
    Abort(absl::DeadlineExceededError(
        absl::StrCat("no answer within ", absl::FormatDuration(call_.timeout))));
  });
}

RetryingCall::~RetryingCall() {
  if (!end_) Abort(absl::CancelledError("the call was given up"));
}

const Metadata& RetryingCall::initial_metadata() const {
  return attempt_ != nullptr ? attempt_->initial_metadata() : NoMetadata();
}

const Metadata& RetryingCall::trailing_metadata() const {
  return attempt_ != nullptr ? attempt_->trailing_metadata() : NoMetadata();
}

void RetryingCall::Cancel() { Abort(absl::CancelledError("the call was cancelled here")); }

void RetryingCall::Abort(absl::Status status) {
  if (end_) return;
  End(status);
  if (attempt_ != nullptr) attempt_->Abandon(std::move(status));
}

void RetryingCall::End(absl::Status status) {
  if (end_) return;
  end_ = std::move(status);
  timer_.reset();
  ended_.Notify();
  recovered_.Notify();
  flushed_.Notify();
}

absl::Status RetryingCall::Over() const { return After(*end_); }

void RetryingCall::Commit() {
  if (std::exchange(committed_, true)) return;
  options_.servers->OnAnswered(server_);
  messages_.erase(messages_.begin(),
                  messages_.begin() + static_cast<ptrdiff_t>(passed_ - first_message_));
  first_message_ = passed_;
}

// --- writing ---

Awaitable<absl::Status> RetryingCall::Write(const google::protobuf::Message& message,
                                            const WriteOptions& options) {
  if (end_) co_return Over();
  if (half_closed_) co_return absl::FailedPreconditionError("Write after WritesDone");
  std::string bytes;
  if (absl::Status encoded = EncodeMessage(options_.codec, message, bytes); !encoded.ok()) {
    Abort(encoded);
    co_return encoded;
  }
  if (attempt_ != nullptr && (attempt_->accepted() || message_bytes_ > kMaxKeptBytes)) Commit();
  message_bytes_ += bytes.size();
  messages_.push_back(std::move(bytes));
  ++written_;
  half_closed_ = options.last;
  if (TryFlush()) co_return absl::OkStatus();
  co_return co_await FlushAll();
}

bool RetryingCall::TryWrite(const google::protobuf::Message& message, const WriteOptions& options) {
  // Nothing is kept any more, and nothing is on its way.
  const bool straight = committed_ && !end_ && !half_closed_ && !recovering_ && !flushing_ &&
                        passed_ == written_ && attempt_->MaySend();
  if (!straight) return false;
  std::string bytes;
  // What cannot be encoded says why when it is written again.
  if (!EncodeMessage(options_.codec, message, bytes).ok()) return false;
  attempt_->SendNow(std::move(bytes), options.last);
  ++written_;
  ++passed_;
  ++first_message_;
  half_closed_ = half_close_passed_ = options.last;
  return true;
}

Awaitable<absl::Status> RetryingCall::WritesDone() {
  if (end_ || std::exchange(half_closed_, true)) co_return absl::OkStatus();
  co_return co_await FlushAll();
}

Awaitable<absl::Status> RetryingCall::FlushAll() {
  ++writing_;
  absl::Status flushed = co_await Flush(written_);
  --writing_;
  co_return flushed;
}

Awaitable<absl::Status> RetryingCall::Flush(uint64_t last) {
  while (!end_) {
    if (recovering_) {
      RUNNEL_CO_RETURN_IF_ERROR(co_await recovered_.Wait());
      continue;
    }
    if (flushing_) {
      RUNNEL_CO_RETURN_IF_ERROR(co_await flushed_.Wait());
      continue;
    }
    if (attempt_ == nullptr) {
      RUNNEL_CO_RETURN_IF_ERROR(Start());
      continue;
    }
    const bool all = passed_ >= last;
    if (all && (last < written_ || half_close_passed_ == half_closed_)) co_return absl::OkStatus();
    const Attempt attempt = attempt_;
    flushing_ = true;
    absl::Status passed = co_await FlushTo(attempt, last);
    flushing_ = false;
    flushed_.Notify();
    if (passed.ok() || attempt != attempt_) continue;
    if (end_) break;
    if (!attempt->end()) co_return passed;  // whoever writes was cancelled
    const absl::Status recovered = co_await Recover(attempt);
    // What the call has ended with is for Read to say, after the messages that came before.
    if (!recovered.ok()) co_return passed;
  }
  co_return Over();
}

Awaitable<absl::Status> RetryingCall::FlushTo(Attempt attempt, uint64_t last_message) {
  while (passed_ < last_message && attempt == attempt_) {
    const bool last = NextIsLast();
    std::string message = TakeNext();
    if (last) half_close_passed_ = true;
    RUNNEL_CO_RETURN_IF_ERROR(co_await attempt->Send(std::move(message), last));
  }
  if (attempt != attempt_ || passed_ < written_) co_return absl::OkStatus();
  if (!half_closed_ || half_close_passed_) co_return absl::OkStatus();
  half_close_passed_ = true;
  co_return co_await attempt->HalfClose();
}

std::string RetryingCall::TakeNext() {
  std::string& next = messages_[passed_ - first_message_];
  ++passed_;
  if (!committed_) return next;
  std::string message = std::move(next);
  messages_.erase(messages_.begin());
  ++first_message_;
  return message;
}

bool RetryingCall::TryFlush() {
  if (end_ || recovering_ || flushing_ || committed_) return false;
  if (attempt_ == nullptr && !Start().ok()) return false;
  for (; passed_ < written_; ++passed_) {
    const bool last = NextIsLast();
    if (!attempt_->MaySend()) return false;
    attempt_->SendNow(messages_[passed_ - first_message_], last);
    if (last) half_close_passed_ = true;
  }
  return half_close_passed_ == half_closed_;
}

// --- reading ---

Awaitable<absl::StatusOr<bool>> RetryingCall::Read(google::protobuf::Message& message) {
  while (attempt_ == nullptr && !end_) {
    absl::Status flushed = co_await Flush(written_);
    if (flushed.ok() && attempt_ == nullptr) flushed = Start();
    if (!flushed.ok() && !end_) co_return flushed;
  }
  while (attempt_ != nullptr) {
    const Attempt attempt = attempt_;
    absl::StatusOr<std::optional<std::string_view>> received = co_await attempt->Receive();
    if (attempt != attempt_) continue;
    if (received.ok() && *received) {
      RUNNEL_CO_RETURN_IF_ERROR(Take(**received, message));
      co_return true;
    }
    if (end_) break;
    if (received.ok()) {
      Commit();
      End(absl::OkStatus());
      break;
    }
    if (!attempt->end()) co_return std::move(received).status();  // whoever reads was cancelled
    const absl::Status recovered = co_await Recover(attempt);
    if (!recovered.ok()) {
      if (attempt == attempt_ && !recovering_) End(recovered);
      if (!end_) co_return recovered;
      break;
    }
    // A Write that is under way sends it all again, and perhaps waits until something is read. What
    // was written before found room without that.
    if (writing_ > 0) continue;
    const absl::Status flushed = co_await Flush(written_);
    if (end_) break;
    // Unless this Read was cancelled, the attempt has ended too, which the next round sees.
    if (absl::IsCancelled(flushed) && !attempt_->end()) co_return flushed;
  }
  if (!end_->ok()) co_return *end_;
  co_return false;
}

bool RetryingCall::TryRead(google::protobuf::Message& message) {
  if (attempt_ == nullptr || end_) return false;
  const std::optional<std::string_view> received = attempt_->TryReceive();
  // What fails has ended the call, as Read will say.
  return received && Take(*received, message).ok();
}

absl::Status RetryingCall::Take(std::string_view bytes, google::protobuf::Message& message) {
  Commit();
  absl::Status decoded = DecodeMessage(options_.codec, bytes, options_.limits, message);
  if (!decoded.ok()) Abort(decoded);
  return decoded;
}

// --- attempts ---

absl::Status RetryingCall::Start() {
  if (absl::Status valid = call_.metadata.Validate(); !valid.ok()) {
    End(valid);
    return valid;
  }
  const std::optional<size_t> server = options_.servers->Choose(tried_);
  absl::Status begun = BeginAttempt(server.value_or(0));
  if (!begun.ok()) End(begun);
  return begun;
}

absl::Status RetryingCall::BeginAttempt(size_t server) {
  AttemptOptions options;
  options.metadata = call_.metadata;
  if (timer_ != nullptr) options.deadline = deadline_;
  options.last_event_id = call_.last_event_id;
  RUNNEL_ASSIGN_OR_RETURN(attempt_,
                          options_.servers->Start(server, method_, route_, std::move(options)));
  server_ = server;
  passed_ = first_message_;
  half_close_passed_ = false;
  ++attempts_;
  return absl::OkStatus();
}

bool RetryingCall::MayRetry() const {
  if (committed_ || attempt_->end()->ok()) return false;
  if (attempt_->never_ran()) return true;
  const auto& codes = options_.retry.codes;
  return method_.idempotency != Idempotency::kUnknown && attempts_ < options_.retry.max_attempts &&
         std::find(codes.begin(), codes.end(), attempt_->end()->code()) != codes.end();
}

Awaitable<absl::Status> RetryingCall::Recover(Attempt attempt) {
  while (recovering_ && !end_) {
    RUNNEL_CO_RETURN_IF_ERROR(co_await recovered_.Wait());
  }
  if (end_) co_return Over();
  if (attempt != attempt_) co_return absl::OkStatus();
  if (!MayRetry()) co_return After(*attempt->end());
  recovering_ = true;
  absl::Status begun = co_await TryElsewhere(*attempt->end());
  recovering_ = false;
  recovered_.Notify();
  co_return begun;
}

Awaitable<absl::Status> RetryingCall::TryElsewhere(absl::Status failure) {
  if (attempt_->never_ran()) {
    options_.servers->OnRefused(server_);
    tried_.insert(server_);
    --attempts_;
  } else {
    tried_.clear();
    RUNNEL_CO_RETURN_IF_ERROR(co_await Pause(options_.clock->Now() + backoff_.Next()));
  }
  std::optional<size_t> server = options_.servers->Choose(tried_);
  if (!server) {
    // Nobody is there who would take the call.
    if (!call_.wait_for_ready) co_return failure;
    tried_.clear();
    RUNNEL_CO_RETURN_IF_ERROR(co_await Pause(options_.servers->NextTry()));
    server = options_.servers->Choose(tried_);
  }
  co_return BeginAttempt(*server);
}

Awaitable<absl::Status> RetryingCall::Pause(absl::Time until) {
  while (!end_) {
    absl::Status waited = co_await ended_.WaitUntil(*options_.clock, until);
    if (absl::IsDeadlineExceeded(waited)) co_return absl::OkStatus();
    if (!waited.ok()) co_return waited;
  }
  co_return Over();
}

}  // namespace runnel
