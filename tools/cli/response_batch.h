// Responses of a call, as many at a time as are there: what is ready goes out in one write, and
// what comes alone goes out at once.

#ifndef TOOLS_CLI_RESPONSE_BATCH_H_
#define TOOLS_CLI_RESPONSE_BATCH_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "runtime/async/awaitable.h"
#include "runtime/client/streams.h"
#include "tools/cli/json_text.h"

namespace runnel::cli {

struct ResponseBatch {
  ResponseBatch() = default;

  std::string lines;  // JSON, a line end behind each
  size_t messages = 0;
  std::optional<absl::Status> end;  // the call is over, with this status
};

// Waits for one response at least, or the end. `message` is used again from call to call. Both
// outlive the task, which runs on the stream's loop.
Awaitable<ResponseBatch> ReadBatch(StreamHandle& stream, JsonText& message);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_RESPONSE_BATCH_H_
