// Typed details of an absl::Status, which cross the wire with it. A detail is a message;
// in an absl::Status it is a payload under "type.googleapis.com/<full name>", the second of a type
// under the same with "#2", and so on.

#ifndef RUNNEL_RUNTIME_CORE_STATUS_DETAILS_H_
#define RUNNEL_RUNTIME_CORE_STATUS_DETAILS_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace runnel {

// One detail as it travels: the full name of its type and its binary form.
struct StatusDetail {
  std::string type;
  std::string value;
  friend bool operator==(const StatusDetail&, const StatusDetail&) = default;
};

// All details of `status`, ordered by type; those of a type in the order in which they were added.
std::vector<StatusDetail> GetDetails(const absl::Status& status);
// These have no effect on an OK status, nor on one that has 64 details.
void AddDetail(absl::Status& status, const StatusDetail& detail);
void AddDetail(absl::Status& status, const google::protobuf::Message& detail);

// The first detail of type T that parses, if there is one.
template <typename T>
std::optional<T> GetDetail(const absl::Status& status) {
  for (const StatusDetail& detail : GetDetails(status)) {
    if (detail.type != T::descriptor()->full_name()) continue;
    if (T message; message.ParseFromString(detail.value)) return message;
  }
  return std::nullopt;
}

// google.rpc.ErrorInfo (google/rpc/error_details.proto), which says why in a form that
// programs can act on. Encoded here by hand, so that programs which link the generated
// class themselves meet no second definition.
struct ErrorInfo {
  std::string reason;  // "SESSION_LOST"
  std::string domain;  // "runnel" for this library's own
  std::map<std::string, std::string> metadata;
};

// The status with this as its (first) ErrorInfo.
absl::Status WithErrorInfo(absl::Status status, const ErrorInfo& info);
std::optional<ErrorInfo> GetErrorInfo(const absl::Status& status);
// The reason of an error made by this library ("SESSION_LOST"), else empty.
std::string ReasonOf(const absl::Status& status);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CORE_STATUS_DETAILS_H_
