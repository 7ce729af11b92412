// The events of HTTP APIs: messages, the end, and errors.

#ifndef RUNNEL_RUNTIME_API_API_EVENT_H_
#define RUNNEL_RUNTIME_API_API_EVENT_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "runtime/api/api_method.h"
#include "runtime/core/limits.h"

namespace runnel {

// Appends the event that `message` is. `id`, which may be empty, has neither CR, LF nor NUL.
// INVALID_ARGUMENT, and nothing is appended, for a message that is none: no member of its oneof is
// set, or it has no JSON.
absl::Status AppendApiEvent(const ApiMethod& method, const google::protobuf::Message& message,
                            std::string_view id, std::string& out);
// Appends what ends a stream: nothing, where nothing says so.
void AppendApiEnd(const ApiMethod& method, const absl::Status& status, std::string& out);

enum class ApiEventKind {
  kMessage,
  kLastMessage,
  kSkipped,  // without data
  kUnknown,  // of a name that the method does not have
  kEnd,
};

// What an event of this name ("message" when it has none) is; `message` is filled when it is one.
// An error that the server has sent is `sent`. The status is INVALID_ARGUMENT, or
// RESOURCE_EXHAUSTED, when the data is not what it has to be.
struct ApiEventContent {
  ApiEventContent() = default;

  ApiEventKind kind = ApiEventKind::kSkipped;
  absl::Status sent;
  absl::Status status;
};
ApiEventContent ReadApiEvent(const ApiMethod& method, std::string_view name, std::string_view data,
                             const Limits& limits, google::protobuf::Message& message);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_API_API_EVENT_H_
