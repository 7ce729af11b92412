#include "runtime/core/status_code.h"

#include <array>

namespace runnel {
namespace {

struct Row {
  absl::StatusCode code;
  std::string_view name;
  int http_status;
};

constexpr std::array<Row, 16> kTable = {{
    {absl::StatusCode::kCancelled, "canceled", 499},
    {absl::StatusCode::kUnknown, "unknown", 500},
    {absl::StatusCode::kInvalidArgument, "invalid_argument", 400},
    {absl::StatusCode::kDeadlineExceeded, "deadline_exceeded", 504},
    {absl::StatusCode::kNotFound, "not_found", 404},
    {absl::StatusCode::kAlreadyExists, "already_exists", 409},
    {absl::StatusCode::kPermissionDenied, "permission_denied", 403},
    {absl::StatusCode::kResourceExhausted, "resource_exhausted", 429},
    {absl::StatusCode::kFailedPrecondition, "failed_precondition", 400},
    {absl::StatusCode::kAborted, "aborted", 409},
    {absl::StatusCode::kOutOfRange, "out_of_range", 400},
    {absl::StatusCode::kUnimplemented, "unimplemented", 501},
    {absl::StatusCode::kInternal, "internal", 500},
    {absl::StatusCode::kUnavailable, "unavailable", 503},
    {absl::StatusCode::kDataLoss, "data_loss", 500},
    {absl::StatusCode::kUnauthenticated, "unauthenticated", 401},
}};

const Row* Find(absl::StatusCode code) {
  const int index = static_cast<int>(code) - 1;  // the table is in the order of the numbers
  return index >= 0 && index < static_cast<int>(kTable.size()) ? &kTable[index] : nullptr;
}

}  // namespace

std::string_view StatusCodeName(absl::StatusCode code) {
  if (code == absl::StatusCode::kOk) return "ok";
  const Row* row = Find(code);
  return row != nullptr ? row->name : "unknown";
}

std::optional<absl::StatusCode> StatusCodeFromName(std::string_view name) {
  for (const Row& row : kTable) {
    if (row.name == name) return row.code;
  }
  return std::nullopt;
}

int HttpStatusFor(absl::StatusCode code) {
  if (code == absl::StatusCode::kOk) return 200;
  const Row* row = Find(code);
  return row != nullptr ? row->http_status : 500;
}

absl::StatusCode StatusCodeForHttp(int http_status) {
  switch (http_status) {
    case 400:
      return absl::StatusCode::kInternal;
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kUnimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kUnknown;
  }
}

}  // namespace runnel
