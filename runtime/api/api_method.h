// ApiMethod describes a method that is a request of an HTTP API of its own, as the options of its
// .proto have it (proto/runnel/v1/options.proto, where each field is explained). Generated code
// holds one for each such method; it lives as long as the program, and its texts are valid: the
// generator has looked.

#ifndef RUNNEL_RUNTIME_API_API_METHOD_H_
#define RUNNEL_RUNTIME_API_API_METHOD_H_

#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace runnel {

// A member of the oneof that is the response.
struct ApiEvent {
  std::string_view name;  // "*": any other, and the member is a runnel.v1.OtherEvent
  int field = 0;          // its number
  bool ends_stream = false;
};

struct ApiErrorKind {
  std::string_view type;
  absl::StatusCode code = absl::StatusCode::kUnknown;
  int http_status = 0;  // 0: that of the code
};

struct ApiErrors {
  std::string_view event;
  std::string_view in;
  std::string_view message = "message";
  std::string_view type = "type";
  std::span<const ApiErrorKind> kinds;
  std::string_view name_in;
};

struct ApiMethod {
  // An empty message of the request's class.
  const google::protobuf::Message& (*request)() = nullptr;
  std::string_view verb;  // "POST"
  std::string_view path;
  std::string_view body;
  std::string_view when;  // of both methods in one place
  std::string_view done;
  std::string_view event;
  std::string_view name_in;
  std::span<const ApiEvent> events;  // empty: an event is the whole response
  const ApiErrors* errors = nullptr;

  // Whether the stream says when it ends.
  bool says_end() const {
    if (!done.empty()) return true;
    for (const ApiEvent& one : events) {
      if (one.ends_stream) return true;
    }
    return false;
  }
};

template <typename T>
const google::protobuf::Message& ApiPrototype() {
  return T::default_instance();
}

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_API_API_METHOD_H_
