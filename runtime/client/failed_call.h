// FailedCall is a call that is over before it begins.

#ifndef RUNNEL_RUNTIME_CLIENT_FAILED_CALL_H_
#define RUNNEL_RUNTIME_CLIENT_FAILED_CALL_H_

#include <utility>

#include "absl/status/status.h"
#include "runtime/client/client_call.h"

namespace runnel {

class FailedCall final : public ClientCall {
 public:
  // `status` is not OK.
  explicit FailedCall(absl::Status status) : status_(std::move(status)) {}

  Awaitable<absl::Status> Write(const google::protobuf::Message&, const WriteOptions&) override {
    co_return status_;
  }
  Awaitable<absl::Status> WritesDone() override { co_return status_; }
  Awaitable<absl::StatusOr<bool>> Read(google::protobuf::Message&) override { co_return status_; }
  const Metadata& initial_metadata() const override { return none_; }
  const Metadata& trailing_metadata() const override { return none_; }
  void Cancel() override {}

 private:
  const absl::Status status_;
  const Metadata none_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_FAILED_CALL_H_
