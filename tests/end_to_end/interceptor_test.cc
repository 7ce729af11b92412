// Interceptors on both sides: their order, calls they refuse, and streams they wrap.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "tests/end_to_end/calls.h"

namespace end_to_end {
namespace {

using ::testing::ElementsAre;

// The names of who was there, in order. Thread-safe.
class Trace {
 public:
  void Add(const std::string& step) {
    std::lock_guard lock(mutex_);
    steps_.push_back(step);
  }
  std::vector<std::string> steps() const {
    std::lock_guard lock(mutex_);
    return steps_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> steps_;
};

class TracingServer final : public runnel::ServerInterceptor {
 public:
  TracingServer(std::string name, Trace& trace) : name_(std::move(name)), trace_(trace) {}

  runnel::Awaitable<absl::Status> Intercept(runnel::ServerContext& context,
                                            runnel::MessageReader& in, runnel::MessageWriter& out,
                                            const runnel::MethodHandler& next) override {
    trace_.Add(name_ + " in");
    absl::Status status = co_await next(context, in, out);
    trace_.Add(name_ + " out " + absl::StatusCodeToString(status.code()));
    co_return status;
  }

 private:
  const std::string name_;
  Trace& trace_;
};

// Refuses calls without a token.
class Guard final : public runnel::ServerInterceptor {
 public:
  runnel::Awaitable<absl::Status> Intercept(runnel::ServerContext& context,
                                            runnel::MessageReader& in, runnel::MessageWriter& out,
                                            const runnel::MethodHandler& next) override {
    if (context.client_metadata().Get("x-token") != "secret") {
      co_return absl::UnauthenticatedError("no token");
    }
    context.AddTrailingMetadata("x-guarded", std::string(context.method().path));
    co_return co_await next(context, in, out);
  }
};

// Adds one to every request's number, and a word to every reply's text.
class Wrapper final : public runnel::ServerInterceptor {
 public:
  class In final : public runnel::MessageReader {
   public:
    explicit In(runnel::MessageReader& in) : in_(in) {}
    runnel::Awaitable<absl::StatusOr<bool>> Read(google::protobuf::Message& message) override {
      absl::StatusOr<bool> read = co_await in_.Read(message);
      if (read.ok() && *read) {
        auto& request = static_cast<Request&>(message);
        request.set_number(request.number() + 1);
      }
      co_return read;
    }

   private:
    runnel::MessageReader& in_;
  };

  class Out final : public runnel::MessageWriter {
   public:
    explicit Out(runnel::MessageWriter& out) : out_(out) {}
    runnel::Awaitable<absl::Status> Write(const google::protobuf::Message& message,
                                          const runnel::WriteOptions& options) override {
      Reply reply = static_cast<const Reply&>(message);
      reply.set_text(reply.text() + " wrapped");
      co_return co_await out_.Write(reply, options);
    }

   private:
    runnel::MessageWriter& out_;
  };

  runnel::Awaitable<absl::Status> Intercept(runnel::ServerContext& context,
                                            runnel::MessageReader& in, runnel::MessageWriter& out,
                                            const runnel::MethodHandler& next) override {
    In wrapped_in(in);
    Out wrapped_out(out);
    co_return co_await next(context, wrapped_in, wrapped_out);
  }
};

// Counts the messages of a call at its client, in both directions.
class CountingClient final : public runnel::ClientInterceptor {
 public:
  CountingClient(std::string name, Trace& trace) : name_(std::move(name)), trace_(trace) {}

  class Call final : public runnel::ClientCall {
   public:
    Call(std::unique_ptr<runnel::ClientCall> call, Trace& trace)
        : call_(std::move(call)), trace_(trace) {}
    runnel::Awaitable<absl::Status> Write(const google::protobuf::Message& message,
                                          const runnel::WriteOptions& options) override {
      trace_.Add("sent");
      return call_->Write(message, options);
    }
    runnel::Awaitable<absl::Status> WritesDone() override { return call_->WritesDone(); }
    runnel::Awaitable<absl::StatusOr<bool>> Read(google::protobuf::Message& message) override {
      absl::StatusOr<bool> read = co_await call_->Read(message);
      trace_.Add(!read.ok() ? "failed" : *read ? "received" : "ended");
      co_return read;
    }
    const runnel::Metadata& initial_metadata() const override { return call_->initial_metadata(); }
    const runnel::Metadata& trailing_metadata() const override {
      return call_->trailing_metadata();
    }
    void Cancel() override { call_->Cancel(); }

   private:
    std::unique_ptr<runnel::ClientCall> call_;
    Trace& trace_;
  };

  std::unique_ptr<runnel::ClientCall> Intercept(const runnel::MethodInfo& method,
                                                runnel::CallOptions options,
                                                const NewCall& next) override {
    trace_.Add(name_);
    options.metadata.Add("x-token", "secret");
    return std::make_unique<Call>(next(method, std::move(options)), trace_);
  }

 private:
  const std::string name_;
  Trace& trace_;
};

class InterceptorTest : public ::testing::TestWithParam<CallCase> {
 protected:
  Trace server_trace_;
  Trace client_trace_;
};

TEST_P(InterceptorTest, StandAroundEveryCallTheFirstOutermost) {
  WorldOptions options = OptionsFor(GetParam());
  options.server.interceptors = {std::make_shared<TracingServer>("a", server_trace_),
                                 std::make_shared<TracingServer>("b", server_trace_)};
  Request request;
  request.mutable_script()->mutable_fail()->set_code(static_cast<int>(absl::StatusCode::kAborted));
  {
    World world(std::move(options));
    EXPECT_EQ(Call(world, GetParam().kind, request).status.code(), absl::StatusCode::kAborted);
  }
  EXPECT_THAT(server_trace_.steps(), ElementsAre("a in", "b in", "b out ABORTED", "a out ABORTED"));
}

TEST_P(InterceptorTest, RefuseACallBeforeItsHandler) {
  WorldOptions options = OptionsFor(GetParam());
  options.server.interceptors = {std::make_shared<Guard>()};
  World world(std::move(options));
  EXPECT_EQ(Call(world, GetParam().kind, Request()).status, absl::UnauthenticatedError("no token"));
  EXPECT_EQ(world.journal().Count("started"), 0);
  runnel::CallOptions with_token;
  with_token.metadata.Add("x-token", "secret");
  const Outcome outcome = Call(world, GetParam().kind, Request(), with_token);
  EXPECT_EQ(outcome.status, absl::OkStatus());
  EXPECT_TRUE(
      outcome.trailing.Get("x-guarded").value_or("").starts_with("/end_to_end.v1.Scripted/"));
}

TEST_P(InterceptorTest, WrapTheStreamsOfTheServer) {
  WorldOptions options = OptionsFor(GetParam());
  options.server.interceptors = {std::make_shared<Wrapper>()};
  World world(std::move(options));
  Request request;
  request.set_number(41);
  request.mutable_script()->set_count(2);
  const Outcome outcome = Call(world, GetParam().kind, request);
  ASSERT_EQ(outcome.status, absl::OkStatus());
  ASSERT_FALSE(outcome.replies.empty());
  for (const Reply& reply : outcome.replies) EXPECT_EQ(reply.text(), " wrapped");
  if (GetParam().kind == CallKind::kUnary || GetParam().kind == CallKind::kClientStream) {
    EXPECT_EQ(outcome.replies[0].number(), 42);
  }
}

TEST_P(InterceptorTest, ChangeAndWatchCallsAtTheClient) {
  WorldOptions options = OptionsFor(GetParam());
  options.server.interceptors = {std::make_shared<Guard>()};
  options.channel.interceptors = {std::make_shared<CountingClient>("outer", client_trace_),
                                  std::make_shared<CountingClient>("inner", client_trace_)};
  World world(std::move(options));
  Request request;
  request.mutable_script()->set_count(1);
  EXPECT_EQ(Call(world, GetParam().kind, request).status, absl::OkStatus());
  // Each step passes the inner one last on the way out and first on the way back.
  EXPECT_THAT(client_trace_.steps(), ElementsAre("outer", "inner", "sent", "sent", "received",
                                                 "received", "ended", "ended"));
}

INSTANTIATE_TEST_SUITE_P(All, InterceptorTest,
                         ::testing::ValuesIn(AllCallsOver(Transport::kInProcess)),
                         [](const auto& info) { return NameOf(info.param); });

}  // namespace
}  // namespace end_to_end
