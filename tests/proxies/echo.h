// Echo is a stream in both directions whose messages come back, for as long as a test wants.

#ifndef RUNNEL_TESTS_PROXIES_ECHO_H_
#define RUNNEL_TESTS_PROXIES_ECHO_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "runtime/async/clock.h"
#include "runtime/core/status_macros.h"
#include "tests/proxies/proxied.h"

namespace proxies {

// Used from the test's thread, each method after the other. What a message should be and is not is
// DATA_LOSS.
class Echo {
 public:
  // Outlived by `proxied`.
  explicit Echo(Proxied& proxied) : io_(proxied.io()), stream_(proxied.stub().Both()) {}

  // Writes so many messages, `pause` after each, and reads each one's answer before the next.
  absl::Status Exchange(int count, absl::Duration pause) {
    return io_.BlockOn(ExchangeAll(*this, count, pause));
  }
  absl::Status Write(int count, int bytes) { return io_.BlockOn(WriteAll(*this, count, bytes)); }
  absl::Status ReadBack(int count, int bytes) { return io_.BlockOn(ReadAll(*this, count, bytes)); }
  void Idle(absl::Duration duration) {
    io_.BlockOn(runnel::SleepFor(runnel::Clock::Real(), duration)).IgnoreError();
  }
  // Half-closes, and reads the end.
  absl::Status Finish() { return io_.BlockOn(End(*this)); }

 private:
  using Request = end_to_end::Request;
  using Reply = end_to_end::Reply;

  static runnel::Awaitable<absl::Status> WriteAll(Echo& self, int count, int bytes) {
    // The first request is the script, and has no answer.
    if (self.written_ == 0) {
      const Request script;
      RUNNEL_CO_RETURN_IF_ERROR(co_await self.stream_.Write(script));
      ++self.written_;
    }
    Request request;
    request.set_payload(std::string(static_cast<size_t>(bytes), 'x'));
    for (int i = 0; i < count; ++i) {
      request.set_number(self.written_++);
      RUNNEL_CO_RETURN_IF_ERROR(co_await self.stream_.Write(request));
    }
    co_return absl::OkStatus();
  }

  static runnel::Awaitable<absl::Status> ReadAll(Echo& self, int count, int bytes) {
    for (int i = 0; i < count; ++i) {
      RUNNEL_CO_ASSIGN_OR_RETURN(const std::optional<Reply> reply, co_await self.stream_.Read());
      if (!reply) co_return absl::DataLossError("the stream ended early");
      ++self.read_;
      if (reply->number() != self.read_ ||
          reply->payload() != std::string(static_cast<size_t>(bytes), 'x')) {
        co_return absl::DataLossError(
            absl::StrCat("message ", reply->number(), " came where ", self.read_, " was due"));
      }
    }
    co_return absl::OkStatus();
  }

  static runnel::Awaitable<absl::Status> ExchangeAll(Echo& self, int count, absl::Duration pause) {
    for (int i = 0; i < count; ++i) {
      RUNNEL_CO_RETURN_IF_ERROR(co_await WriteAll(self, 1, 100));
      RUNNEL_CO_RETURN_IF_ERROR(co_await ReadAll(self, 1, 100));
      if (pause > absl::ZeroDuration()) {
        RUNNEL_CO_RETURN_IF_ERROR(co_await runnel::SleepFor(runnel::Clock::Real(), pause));
      }
    }
    co_return absl::OkStatus();
  }

  static runnel::Awaitable<absl::Status> End(Echo& self) {
    RUNNEL_CO_RETURN_IF_ERROR(co_await self.stream_.WritesDone());
    RUNNEL_CO_ASSIGN_OR_RETURN(const std::optional<Reply> reply, co_await self.stream_.Read());
    if (reply) co_return absl::DataLossError("a message after the last one");
    co_return absl::OkStatus();
  }

  runnel::IoThread& io_;
  runnel::ClientStream<Request, Reply> stream_;
  int64_t written_ = 0;
  int64_t read_ = 0;
};

}  // namespace proxies

#endif  // RUNNEL_TESTS_PROXIES_ECHO_H_
