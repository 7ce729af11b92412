#include "runtime/http/not_sent.h"

#include "absl/strings/cord.h"

namespace runnel {
namespace {

constexpr char kMark[] = "runnel/not-sent";
constexpr char kRefusedMark[] = "runnel/refused";  // of refused.h, which says more

}  // namespace

absl::Status NotSent(absl::Status status) {
  status.SetPayload(kMark, absl::Cord());
  return status;
}

bool IsNotSent(const absl::Status& status) { return status.GetPayload(kMark).has_value(); }

bool TakeNotSent(absl::Status& status) {
  status.ErasePayload(kRefusedMark);
  return status.ErasePayload(kMark);
}

}  // namespace runnel
