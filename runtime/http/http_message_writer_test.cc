#include "runtime/http/http_message_writer.h"

#include <gtest/gtest.h>

#include "runtime/async/io_thread.h"

namespace runnel {
namespace {

// A connection that is broken.
class BrokenStream final : public ByteStream {
 public:
  Awaitable<absl::StatusOr<size_t>> ReadSome(asio::mutable_buffer) override { co_return Broken(); }
  std::optional<absl::StatusOr<size_t>> TryRead(asio::mutable_buffer) override { return Broken(); }
  void WhenReadable(absl::AnyInvocable<void()>) override {}
  Awaitable<absl::Status> Write(std::span<const asio::const_buffer>) override {
    co_return Broken();
  }
  Awaitable<void> FinishWriting() override { co_return; }
  void StopReading() override {}
  void CloseNow(Close) override {}
  bool IsQuiet() override { return false; }
  std::string peer() const override { return "nobody"; }

  // Long enough to live on the heap, where a sanitizer sees who frees it.
  static absl::Status Broken() {
    return absl::UnavailableError("the connection to nobody at all is broken, and stays so");
  }
};

// What a write without a body, and one with, end with on a broken connection.
Awaitable<absl::Status> WriteTwice() {
  const Executor executor = co_await asio::this_coro::executor;
  auto stream = std::make_shared<BrokenStream>();
  {
    HttpMessageWriter writer(executor, stream);
    const HttpMessageWriter::Result head =
        co_await writer.Write("HEAD", nullptr, BodyFraming::kNone);
    if (head.status != BrokenStream::Broken() || head.body_failed) co_return head.status;
  }
  HttpMessageWriter writer(executor, stream);
  std::unique_ptr<HttpBody> body = StringBody("body");
  const HttpMessageWriter::Result whole =
      co_await writer.Write("HEAD", body.get(), BodyFraming::kLength);
  if (whole.body_failed) co_return absl::InternalError("the body did not fail");
  co_return whole.status;
}

TEST(HttpMessageWriterTest, SaysWhyTheConnectionFailed) {
  IoThread io;
  EXPECT_EQ(io.BlockOn(WriteTwice()), BrokenStream::Broken());
}

}  // namespace
}  // namespace runnel
