// NotSent marks the error of a request of which nothing has left this machine, so that whoever
// made it knows that the server has not seen it.

#ifndef RUNNEL_RUNTIME_HTTP_NOT_SENT_H_
#define RUNNEL_RUNTIME_HTTP_NOT_SENT_H_

#include "absl/status/status.h"

namespace runnel {

// `status` with the mark. The mark never crosses a wire.
absl::Status NotSent(absl::Status status);
bool IsNotSent(const absl::Status& status);
// Takes the mark off, so that people do not read it. Whether there was one.
bool TakeNotSent(absl::Status& status);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_NOT_SENT_H_
