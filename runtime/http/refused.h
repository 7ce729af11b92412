// Refused marks the error of a request whose address has said that nobody listens there: not a
// failure on the way. tcp_connector.cc sets it, and TakeNotSent (not_sent.h) takes it off.

#ifndef RUNNEL_RUNTIME_HTTP_REFUSED_H_
#define RUNNEL_RUNTIME_HTTP_REFUSED_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/cord.h"

namespace runnel {

inline constexpr char kRefusedMark[] = "runnel/refused";

inline absl::Status Refused(absl::Status status) {
  status.SetPayload(kRefusedMark, absl::Cord());
  return status;
}

inline bool IsRefused(const absl::Status& status) {
  return status.GetPayload(kRefusedMark).has_value();
}

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_REFUSED_H_
