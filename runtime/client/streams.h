// The three kinds of stream a stub returns. Each starts its call with the first operation,
// belongs to one coroutine (or one blocking thread) at a time, except that a ClientStream may be
// read and written at once, and cancels its call when it is destroyed early. Use and destroy them
// on any thread; the call itself lives on its channel's loop.

#ifndef RUNNEL_RUNTIME_CLIENT_STREAMS_H_
#define RUNNEL_RUNTIME_CLIENT_STREAMS_H_

#include <boost/asio/this_coro.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/client/client_call.h"

namespace runnel {

// The untyped part of all three: a call that starts late and is used from any loop.
class StreamHandle {
 public:
  // `method` outlives the stream.
  StreamHandle(std::shared_ptr<ChannelInterface> channel, const MethodInfo& method,
               CallOptions options);
  ~StreamHandle();
  StreamHandle(StreamHandle&&) noexcept;
  StreamHandle& operator=(StreamHandle&&) noexcept;

  Awaitable<absl::Status> Write(const google::protobuf::Message& message, WriteOptions options);
  Awaitable<absl::Status> WritesDone();
  Awaitable<absl::StatusOr<bool>> Read(google::protobuf::Message& message);
  // As MessageReader::TryRead and MessageWriter::TryWrite, from a coroutine of the loop `here`.
  bool TryRead(const Executor& here, google::protobuf::Message& message);
  bool TryWrite(const Executor& here, const google::protobuf::Message& message);
  Metadata initial_metadata() const;
  Metadata trailing_metadata() const;
  void Cancel();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// A server stream: `while (auto tick = co_await reader.Read())` with the usual status check.
template <typename Response>
class ClientReader {
 public:
  template <typename Request>
  ClientReader(std::shared_ptr<ChannelInterface> channel, const MethodInfo& method, Request request,
               CallOptions options)
      : stream_(std::move(channel), method, std::move(options)),
        request_(std::make_unique<Request>(std::move(request))) {}

  // The next message; nullopt when the call has ended well; else its status.
  Awaitable<absl::StatusOr<std::optional<Response>>> Read() {
    Response message;
    const Executor here = co_await asio::this_coro::executor;
    if (stream_.TryRead(here, message)) co_return std::optional<Response>(std::move(message));
    absl::StatusOr<bool> read = co_await ReadInto(message);
    if (!read.ok()) co_return std::move(read).status();
    if (!*read) co_return std::optional<Response>();
    co_return std::optional<Response>(std::move(message));
  }

  // The same into a message that is used again. False at the end.
  Awaitable<absl::StatusOr<bool>> ReadInto(Response& message) {
    const Executor here = co_await asio::this_coro::executor;
    if (stream_.TryRead(here, message)) co_return true;
    if (request_ != nullptr) {
      std::unique_ptr<google::protobuf::Message> request = std::move(request_);
      WriteOptions last;
      last.last = true;
      // A failed Write is the call's end, whose status Read tells.
      absl::Status sent = co_await stream_.Write(*request, last);
      sent.IgnoreError();
    }
    co_return co_await stream_.Read(message);
  }

  // Complete after the first Read, and after the last.
  Metadata initial_metadata() const { return stream_.initial_metadata(); }
  Metadata trailing_metadata() const { return stream_.trailing_metadata(); }
  void Cancel() { stream_.Cancel(); }

 private:
  StreamHandle stream_;
  std::unique_ptr<google::protobuf::Message> request_;  // until it is sent
};

// A client stream: Write any number of times, then Finish.
template <typename Request, typename Response>
class ClientWriter {
 public:
  ClientWriter(std::shared_ptr<ChannelInterface> channel, const MethodInfo& method,
               CallOptions options)
      : stream_(std::move(channel), method, std::move(options)) {}

  // Waits until there is room, and returns when the message has been taken over. After an error
  // call Finish: it says what the call ended with.
  Awaitable<absl::Status> Write(const Request& message) {
    const Executor here = co_await asio::this_coro::executor;
    if (stream_.TryWrite(here, message)) co_return absl::OkStatus();
    co_return co_await stream_.Write(message, WriteOptions());
  }

  // Ends the stream and waits for the server's answer.
  Awaitable<absl::StatusOr<Response>> Finish() {
    absl::Status done = co_await stream_.WritesDone();
    done.IgnoreError();  // Read tells
    Response response;
    absl::StatusOr<bool> read = co_await stream_.Read(response);
    if (!read.ok()) co_return std::move(read).status();
    if (!*read) co_return absl::UnimplementedError("the server ended the call without a response");
    Response extra;
    absl::StatusOr<bool> end = co_await stream_.Read(extra);
    if (!end.ok()) co_return std::move(end).status();
    if (*end) co_return absl::UnimplementedError("the server sent more than one response");
    co_return response;
  }

  Metadata initial_metadata() const { return stream_.initial_metadata(); }
  Metadata trailing_metadata() const { return stream_.trailing_metadata(); }
  void Cancel() { stream_.Cancel(); }

 private:
  StreamHandle stream_;
};

// A bidi stream: one coroutine may write while another reads.
template <typename Request, typename Response>
class ClientStream {
 public:
  ClientStream(std::shared_ptr<ChannelInterface> channel, const MethodInfo& method,
               CallOptions options)
      : stream_(std::move(channel), method, std::move(options)) {}

  // Waits until there is room, and returns when the message has been taken over. After an error,
  // Read says what the call ended with.
  Awaitable<absl::Status> Write(const Request& message) {
    const Executor here = co_await asio::this_coro::executor;
    if (stream_.TryWrite(here, message)) co_return absl::OkStatus();
    co_return co_await stream_.Write(message, WriteOptions());
  }
  Awaitable<absl::Status> WritesDone() { return stream_.WritesDone(); }

  // The next message; nullopt when the call has ended well; else its status.
  Awaitable<absl::StatusOr<std::optional<Response>>> Read() {
    Response message;
    absl::StatusOr<bool> read = co_await ReadInto(message);
    if (!read.ok()) co_return std::move(read).status();
    if (!*read) co_return std::optional<Response>();
    co_return std::optional<Response>(std::move(message));
  }
  Awaitable<absl::StatusOr<bool>> ReadInto(Response& message) {
    const Executor here = co_await asio::this_coro::executor;
    if (stream_.TryRead(here, message)) co_return true;
    co_return co_await stream_.Read(message);
  }

  Metadata initial_metadata() const { return stream_.initial_metadata(); }
  Metadata trailing_metadata() const { return stream_.trailing_metadata(); }
  void Cancel() { stream_.Cancel(); }

 private:
  StreamHandle stream_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_STREAMS_H_
