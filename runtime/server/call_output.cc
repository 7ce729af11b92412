#include "runtime/server/call_output.h"

#include <optional>
#include <string_view>
#include <utility>

#include "runtime/core/string_memory.h"
#include "runtime/wire/event_writer.h"

namespace runnel {
namespace {

// A stream's head leaves after this time even if nothing has been written.
constexpr absl::Duration kHeadDelay = absl::Milliseconds(200);

// A buffer that is as good as none.
constexpr size_t kSmallBytes = 4 * 1024;

}  // namespace

class CallOutput::PendingBody final : public HttpBody {
 public:
  PendingBody(std::shared_ptr<ServerCall> call, CallOutput& output, absl::Duration heartbeat)
      : call_(std::move(call)), output_(output), heartbeat_(heartbeat) {}
  ~PendingBody() override { call_->Cancel(ClientGone()); }

  Awaitable<absl::StatusOr<std::optional<std::string_view>>> Read() override {
    while (output_.bytes_.empty()) {
      if (output_.ended_) co_return std::nullopt;
      // Silent streams have no buffers; those of fast ones are kept until a heartbeat.
      if (sending_.capacity() <= kSmallBytes) FreeMemory(sending_);
      silent_since_ = clock().Now();
      if (timer_ == nullptr) ArmTimer();
      const absl::Status waited = co_await output_.changed_.Wait();
      silent_since_ = absl::InfiniteFuture();
      if (!waited.ok()) co_return waited;
    }
    sending_.clear();
    sending_.swap(output_.bytes_);
    output_.taken_.Notify();
    co_return std::optional<std::string_view>(sending_);
  }

  bool ended() const override { return output_.ended_ && output_.bytes_.empty(); }

 private:
  Clock& clock() const { return call_->context().clock(); }

  // One timer for many waits: each only says since when there has been silence.
  void ArmTimer() {
    if (heartbeat_ == absl::InfiniteDuration()) return;
    timer_ = clock().CallAt(call_->context().executor(), silent_since_ + heartbeat_,
                            [this] { OnTimer(); });
  }
  void OnTimer() {
    timer_.reset();
    if (silent_since_ == absl::InfiniteFuture()) return;  // the next wait arms it
    if (clock().Now() - silent_since_ < heartbeat_) return ArmTimer();
    FreeMemory(sending_);
    if (output_.bytes_.empty()) FreeMemory(output_.bytes_);
    AppendComment("", output_.bytes_);
    output_.changed_.Notify();
  }

  const std::shared_ptr<ServerCall> call_;
  CallOutput& output_;
  const absl::Duration heartbeat_;
  absl::Time silent_since_ = absl::InfiniteFuture();  // while it waits
  std::unique_ptr<Timer> timer_;
  std::string sending_;
};

void CallOutput::Flush() {
  begun_ = true;
  changed_.Notify();
}

void CallOutput::End() {
  ended_ = true;
  changed_.Notify();
  taken_.Notify();
}

Awaitable<absl::Status> CallOutput::WaitForHead(Clock& clock, bool streams) {
  const absl::Time due = streams ? clock.Now() + kHeadDelay : absl::InfiniteFuture();
  while (!ended_ && !(streams && begun_)) {
    absl::Status waited = co_await changed_.WaitUntil(clock, due);
    if (absl::IsDeadlineExceeded(waited)) break;
    if (!waited.ok()) co_return waited;
  }
  co_return absl::OkStatus();
}

std::unique_ptr<HttpBody> CallOutput::Body(std::shared_ptr<ServerCall> call,
                                           absl::Duration heartbeat) {
  return std::make_unique<PendingBody>(std::move(call), *this, heartbeat);
}

}  // namespace runnel
