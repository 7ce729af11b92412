#include "tests/end_to_end/calls.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <optional>
#include <utility>

namespace end_to_end {

using runnel::Awaitable;

std::vector<CallCase> AllCallsOver(Transport transport) {
  std::vector<CallCase> calls;
  for (Codec codec : {Codec::kJson, Codec::kProto}) {
    for (CallKind kind :
         {CallKind::kUnary, CallKind::kServerStream, CallKind::kClientStream, CallKind::kBidi}) {
      for (Route route : {Route::kSession, Route::kDirect}) {
        calls.push_back({kind, codec, route, transport});
      }
    }
    calls.push_back(
        {CallKind::kServerStream, codec, Route::kDirect, transport, Protocol::kConnect});
  }
  return calls;
}

std::vector<CallCase> AllCalls() {
  std::vector<CallCase> calls = AllCallsOver(Transport::kInProcess);
  for (const CallCase& call : AllCallsOver(Transport::kLoopback)) calls.push_back(call);
  return calls;
}

std::string NameOf(const CallCase& call) {
  std::string name;
  switch (call.kind) {
    case CallKind::kUnary:
      name = "Unary";
      break;
    case CallKind::kServerStream:
      name = "ServerStream";
      break;
    case CallKind::kClientStream:
      name = "ClientStream";
      break;
    case CallKind::kBidi:
      name = "Bidi";
      break;
  }
  name += call.codec == Codec::kJson ? "Json" : "Proto";
  name += call.protocol == Protocol::kConnect ? "Connect"
          : call.route == Route::kDirect      ? "Direct"
                                              : "Session";
  name += call.transport == Transport::kInProcess ? "InProcess" : "Loopback";
  return name;
}

void PrintTo(const CallCase& call, std::ostream* out) { *out << NameOf(call); }

WorldOptions OptionsFor(const CallCase& call) {
  WorldOptions options;
  options.transport = call.transport;
  options.channel.protocol = call.protocol;
  options.channel.codec = call.codec;
  options.channel.route = call.route;
  return options;
}

struct PendingCall::State : std::enable_shared_from_this<State> {
  State(Scripted::Stub& s, CallKind k, Request r, runnel::CallOptions o)
      : stub(s), kind(k), request(std::move(r)), options(std::move(o)) {}

  template <typename Stream>
  Awaitable<void> ReadAll(Stream& stream) {
    while (true) {
      absl::StatusOr<std::optional<Reply>> reply = co_await stream.Read();
      outcome.status = reply.status();
      if (!reply.ok() || !*reply) break;
      outcome.replies.push_back(**reply);
    }
    TakeMetadata(stream);
  }

  template <typename Stream>
  void TakeMetadata(const Stream& stream) {
    outcome.initial = stream.initial_metadata();
    outcome.trailing = stream.trailing_metadata();
  }

  void TakeReply(absl::StatusOr<Reply> reply) {
    outcome.status = reply.status();
    if (reply.ok()) outcome.replies.push_back(*std::move(reply));
  }

  static Awaitable<void> Run(std::shared_ptr<State> self) {
    switch (self->kind) {
      case CallKind::kUnary: {
        runnel::ResponseMetadata metadata;
        self->options.response_metadata = &metadata;
        absl::StatusOr<Reply> reply = co_await self->stub.Unary(self->request, self->options);
        self->TakeReply(std::move(reply));
        self->outcome.initial = metadata.initial;
        self->outcome.trailing = metadata.trailing;
        break;
      }
      case CallKind::kServerStream:
        self->down.emplace(self->stub.Down(self->request, self->options));
        co_await self->ReadAll(*self->down);
        break;
      case CallKind::kClientStream: {
        self->up.emplace(self->stub.Up(self->options));
        absl::Status written = co_await self->up->Write(self->request);
        written.IgnoreError();  // Finish tells
        absl::StatusOr<Reply> reply = co_await self->up->Finish();
        self->TakeReply(std::move(reply));
        self->TakeMetadata(*self->up);
        break;
      }
      case CallKind::kBidi: {
        self->both.emplace(self->stub.Both(self->options));
        absl::Status written = co_await self->both->Write(self->request);
        written.IgnoreError();  // Read tells
        absl::Status done = co_await self->both->WritesDone();
        done.IgnoreError();
        co_await self->ReadAll(*self->both);
        break;
      }
    }
    self->outcome.status = Copy(self->outcome.status);
  }

  Scripted::Stub& stub;
  const CallKind kind;
  const Request request;
  runnel::CallOptions options;
  std::optional<runnel::ClientReader<Reply>> down;
  std::optional<runnel::ClientWriter<Request, Reply>> up;
  std::optional<runnel::ClientStream<Request, Reply>> both;
  boost::asio::cancellation_signal cancel;
  runnel::Executor executor;
  Outcome outcome;
  std::promise<void> ended;
};

PendingCall::PendingCall(World& world, CallKind kind, Request request, runnel::CallOptions options)
    : PendingCall(world.io().executor(), world.stub(), kind, std::move(request),
                  std::move(options)) {}

PendingCall::PendingCall(runnel::Executor executor, Scripted::Stub& stub, CallKind kind,
                         Request request, runnel::CallOptions options)
    : state_(std::make_shared<State>(stub, kind, std::move(request), std::move(options))) {
  state_->executor = std::move(executor);
  boost::asio::post(state_->executor, [state = state_] {
    boost::asio::co_spawn(
        state->executor, runnel::async_internal::WithoutThrowing(State::Run(state)),
        boost::asio::bind_cancellation_slot(
            state->cancel.slot(), [state](std::exception_ptr) { state->ended.set_value(); }));
  });
}

PendingCall::~PendingCall() = default;

void PendingCall::Cancel() {
  boost::asio::post(state_->executor, [state = state_] {
    if (state->down) {
      state->down->Cancel();
    } else if (state->up) {
      state->up->Cancel();
    } else if (state->both) {
      state->both->Cancel();
    } else {
      state->cancel.emit(boost::asio::cancellation_type::terminal);
    }
  });
}

Outcome PendingCall::Await() {
  state_->ended.get_future().get();
  return std::move(state_->outcome);
}

Outcome Call(World& world, CallKind kind, Request request, runnel::CallOptions options) {
  return PendingCall(world, kind, std::move(request), std::move(options)).Await();
}

}  // namespace end_to_end
