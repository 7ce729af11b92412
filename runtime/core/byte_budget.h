// ByteBudget bounds what many hold together.

#ifndef RUNNEL_RUNTIME_CORE_BYTE_BUDGET_H_
#define RUNNEL_RUNTIME_CORE_BYTE_BUDGET_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/counter.h"

namespace runnel {

// Lives on one loop, longer than its leases.
class ByteBudget {
 public:
  // `limit` is the name of the setting.
  ByteBudget(size_t bytes, std::string limit) : bytes_(bytes), limit_(std::move(limit)) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  // These two any thread may ask: what is held, and how often somebody got none.
  size_t held() const { return held_.value(); }
  uint64_t refusals() const { return refusals_.value(); }

 private:
  friend class ByteLease;

  const size_t bytes_;
  const std::string limit_;
  Counter held_;
  Counter refusals_;
};

// What one of them holds. Gives it back when it is destroyed.
class ByteLease {
 public:
  // Of no budget, where `budget` is null: then it holds anything.
  explicit ByteLease(ByteBudget* budget) : budget_(budget) {}
  ~ByteLease() {
    if (budget_ != nullptr) budget_->held_.Subtract(bytes_);
  }
  ByteLease(const ByteLease&) = delete;
  ByteLease& operator=(const ByteLease&) = delete;

  // Holds so many from now on. UNAVAILABLE, naming the limit, where there are not that many; then
  // it holds what it did before.
  absl::Status Resize(size_t bytes) {
    if (budget_ == nullptr) return absl::OkStatus();
    const size_t others = budget_->held() - bytes_;
    if (bytes > bytes_ && others + bytes > budget_->bytes_) {
      budget_->refusals_.Add();
      return absl::UnavailableError(absl::StrCat("the server is busy receiving ", budget_->held(),
                                                 " bytes; limit is ", budget_->limit_, " = ",
                                                 budget_->bytes_, " for each loop"));
    }
    budget_->held_.Set(others + bytes);
    bytes_ = bytes;
    return absl::OkStatus();
  }

 private:
  ByteBudget* const budget_;
  size_t bytes_ = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CORE_BYTE_BUDGET_H_
