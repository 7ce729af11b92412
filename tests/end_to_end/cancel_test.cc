// Calls that their client gives up: the handler learns of it, and the client hears CANCELLED.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/end_to_end/calls.h"

namespace end_to_end {
namespace {

Request WaitForCancel(int count = 0) {
  Request request;
  request.mutable_script()->set_count(count);
  request.mutable_script()->set_wait_for_cancel(true);
  return request;
}

class CancelTest : public ::testing::TestWithParam<CallCase> {
 protected:
  World world_{OptionsFor(GetParam())};
};

TEST_P(CancelTest, ClientCancelEndsTheCallOnBothSides) {
  PendingCall call(world_, GetParam().kind, WaitForCancel());
  ASSERT_TRUE(world_.journal().Await("waiting"));
  call.Cancel();
  EXPECT_EQ(call.Await().status.code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(world_.journal().Await("cancelled CANCELLED"));
  EXPECT_EQ(Call(world_, GetParam().kind, Request()).status, absl::OkStatus());
}

TEST_P(CancelTest, CallsBesideACancelledOneGoOn) {
  PendingCall cancelled(world_, GetParam().kind, WaitForCancel());
  Request request;
  request.mutable_script()->set_wait_for_release(true);
  PendingCall other(world_, GetParam().kind, request);
  ASSERT_TRUE(world_.journal().Await("waiting", 2));
  cancelled.Cancel();
  ASSERT_TRUE(world_.journal().Await("cancelled CANCELLED"));
  world_.journal().Add("release");
  EXPECT_EQ(other.Await().status, absl::OkStatus());
  EXPECT_EQ(cancelled.Await().status.code(), absl::StatusCode::kCancelled);
}

// The handler is in RunBlocking, which waits for its work whatever happens.
TEST_P(CancelTest, BlockingWorkIsWaitedForWhenTheCallIsCancelled) {
  Request request;
  request.mutable_script()->set_wait_for_release(true);
  PendingCall call(world_, GetParam().kind, request);
  ASSERT_TRUE(world_.journal().Await("waiting"));
  call.Cancel();
  EXPECT_EQ(call.Await().status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(world_.journal().Count("released"), 0);
  world_.journal().Add("release");
  EXPECT_TRUE(world_.journal().Await("released"));
}

INSTANTIATE_TEST_SUITE_P(All, CancelTest, ::testing::ValuesIn(AllCalls()),
                         [](const auto& info) { return NameOf(info.param); });

// Streams, which are objects: what becomes of one that is destroyed early, or cancelled before it
// has begun.
class StreamCancelTest : public ::testing::TestWithParam<CallCase> {
 protected:
  World world_{OptionsFor(GetParam())};
};

TEST_P(StreamCancelTest, DestroyingTheStreamCancelsTheCall) {
  if (GetParam().kind == CallKind::kServerStream) {
    runnel::ClientReader<Reply> stream = world_.stub().Down(WaitForCancel(1));
    ASSERT_TRUE(world_.BlockOn(stream.Read())->has_value());
    ASSERT_TRUE(world_.journal().Await("waiting"));
  } else if (GetParam().kind == CallKind::kClientStream) {
    runnel::ClientWriter<Request, Reply> stream = world_.stub().Up();
    ASSERT_EQ(world_.BlockOn(stream.Write(Request())), absl::OkStatus());
    ASSERT_EQ(world_.BlockOn(stream.Write(Request())), absl::OkStatus());
    ASSERT_TRUE(world_.journal().Await("received"));
  } else {
    runnel::ClientStream<Request, Reply> stream = world_.stub().Both();
    ASSERT_EQ(world_.BlockOn(stream.Write(Request())), absl::OkStatus());
    ASSERT_EQ(world_.BlockOn(stream.Write(Request())), absl::OkStatus());
    ASSERT_TRUE(world_.journal().Await("received"));
  }
  EXPECT_TRUE(world_.journal().Await("cancelled CANCELLED"));
}

TEST_P(StreamCancelTest, CancelBeforeTheFirstOperationMeansNoCall) {
  absl::Status status;
  if (GetParam().kind == CallKind::kServerStream) {
    runnel::ClientReader<Reply> stream = world_.stub().Down(WaitForCancel(1));
    stream.Cancel();
    status = world_.BlockOn(stream.Read()).status();
    EXPECT_EQ(world_.BlockOn(stream.Read()).status(), status);
  } else if (GetParam().kind == CallKind::kClientStream) {
    runnel::ClientWriter<Request, Reply> stream = world_.stub().Up();
    stream.Cancel();
    status = world_.BlockOn(stream.Finish()).status();
  } else {
    runnel::ClientStream<Request, Reply> stream = world_.stub().Both();
    stream.Cancel();
    EXPECT_EQ(world_.BlockOn(stream.Write(Request())).code(), absl::StatusCode::kCancelled);
    status = world_.BlockOn(stream.Read()).status();
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(Call(world_, CallKind::kUnary, Request()).status, absl::OkStatus());
  EXPECT_EQ(world_.journal().Count("started"), 1);  // the unary call's
}

TEST_P(StreamCancelTest, CancelAfterTheEndChangesNothing) {
  if (GetParam().kind != CallKind::kServerStream) GTEST_SKIP() << "one kind is enough";
  Request request;
  request.mutable_script()->set_count(1);
  runnel::ClientReader<Reply> stream = world_.stub().Down(request);
  ASSERT_TRUE(world_.BlockOn(stream.Read())->has_value());
  absl::StatusOr<std::optional<Reply>> end = world_.BlockOn(stream.Read());
  ASSERT_EQ(end.status(), absl::OkStatus());
  EXPECT_FALSE(end->has_value());
  stream.Cancel();
  end = world_.BlockOn(stream.Read());
  ASSERT_EQ(end.status(), absl::OkStatus());
  EXPECT_FALSE(end->has_value());
}

std::vector<CallCase> Streams() {
  std::vector<CallCase> streams;
  for (const CallCase& call : AllCalls()) {
    if (call.kind != CallKind::kUnary) streams.push_back(call);
  }
  return streams;
}

INSTANTIATE_TEST_SUITE_P(All, StreamCancelTest, ::testing::ValuesIn(Streams()),
                         [](const auto& info) { return NameOf(info.param); });

}  // namespace
}  // namespace end_to_end
