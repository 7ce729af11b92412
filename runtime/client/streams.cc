#include "runtime/client/streams.h"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include "runtime/async/on_executor.h"

namespace runnel {

// What lives on the channel's loop, but for `loop`, `read` and `snapshot`, which belong to whoever
// uses the stream.
struct StreamHandle::State {
  std::shared_ptr<ChannelInterface> channel;
  Executor loop;
  const MethodInfo* method;
  CallOptions options;
  std::unique_ptr<ClientCall> call;  // once the first operation has started it
  bool cancelled = false;
  bool read = false;  // the first Read has begun
  ResponseMetadata snapshot;

  ClientCall& Call() {
    if (call == nullptr) {
      call = channel->NewCall(*method, std::move(options));
      if (cancelled) call->Cancel();
    }
    return *call;
  }
};

StreamHandle::StreamHandle(std::shared_ptr<ChannelInterface> channel, const MethodInfo& method,
                           CallOptions options)
    : state_(std::make_shared<State>()) {
  state_->channel = std::move(channel);
  state_->loop = state_->channel->executor();
  state_->method = &method;
  state_->options = std::move(options);
}

StreamHandle::StreamHandle(StreamHandle&&) noexcept = default;

StreamHandle& StreamHandle::operator=(StreamHandle&& other) noexcept {
  StreamHandle replaced(std::move(*this));
  state_ = std::move(other.state_);
  return *this;
}

StreamHandle::~StreamHandle() {
  if (state_ == nullptr) return;
  // The call ends where it lives.
  const Executor loop = state_->loop;
  asio::post(loop, [state = std::move(state_)] { state->call.reset(); });
}

Awaitable<absl::Status> StreamHandle::Write(const google::protobuf::Message& message,
                                            WriteOptions options) {
  struct OnLoop {
    static Awaitable<absl::Status> Write(std::shared_ptr<State> state,
                                         const google::protobuf::Message& message,
                                         WriteOptions options) {
      co_return co_await state->Call().Write(message, options);
    }
  };
  std::shared_ptr<State> state = state_;
  co_return co_await OnExecutor(state->loop, OnLoop::Write(state, message, std::move(options)));
}

Awaitable<absl::Status> StreamHandle::WritesDone() {
  struct OnLoop {
    static Awaitable<absl::Status> WritesDone(std::shared_ptr<State> state) {
      co_return co_await state->Call().WritesDone();
    }
  };
  std::shared_ptr<State> state = state_;
  co_return co_await OnExecutor(state->loop, OnLoop::WritesDone(state));
}

Awaitable<absl::StatusOr<bool>> StreamHandle::Read(google::protobuf::Message& message) {
  struct OnLoop {
    static Awaitable<absl::StatusOr<bool>> Read(std::shared_ptr<State> state,
                                                google::protobuf::Message& message,
                                                ResponseMetadata& snapshot, bool first) {
      ClientCall& call = state->Call();
      absl::StatusOr<bool> read = co_await call.Read(message);
      if (first) snapshot.initial = call.initial_metadata();
      if (!read.ok() || !*read) snapshot.trailing = call.trailing_metadata();
      co_return read;
    }
  };
  std::shared_ptr<State> state = state_;
  const bool first = !std::exchange(state->read, true);
  co_return co_await OnExecutor(state->loop, OnLoop::Read(state, message, state->snapshot, first));
}

bool StreamHandle::TryRead(const Executor& here, google::protobuf::Message& message) {
  // The first Read takes the metadata along.
  return state_->read && state_->loop == here && state_->call != nullptr &&
         state_->call->TryRead(message);
}

bool StreamHandle::TryWrite(const Executor& here, const google::protobuf::Message& message) {
  return state_->loop == here && state_->call != nullptr &&
         state_->call->TryWrite(message, WriteOptions());
}

Metadata StreamHandle::initial_metadata() const { return state_->snapshot.initial; }
Metadata StreamHandle::trailing_metadata() const { return state_->snapshot.trailing; }

void StreamHandle::Cancel() {
  // On the loop itself at once: a Read there would not wait for its turn.
  asio::dispatch(state_->loop, [state = state_] {
    state->cancelled = true;
    if (state->call != nullptr) state->call->Cancel();
  });
}

}  // namespace runnel
