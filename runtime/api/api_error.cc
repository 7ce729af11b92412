#include "runtime/api/api_error.h"

#include "absl/strings/str_cat.h"
#include "runtime/core/json_string.h"
#include "runtime/core/status_code.h"
#include "runtime/core/status_details.h"
#include "runtime/core/string_view.h"
#include "runtime/wire/json_reader.h"

namespace runnel {
namespace {

const ApiErrorKind* FindKind(const ApiErrors& errors, std::string_view type) {
  for (const ApiErrorKind& kind : errors.kinds) {
    if (kind.type == type) return &kind;
  }
  return nullptr;
}

const ApiErrorKind* FindKind(const ApiErrors& errors, absl::StatusCode code) {
  for (const ApiErrorKind& kind : errors.kinds) {
    if (kind.code == code) return &kind;
  }
  return nullptr;
}

const ApiErrorKind* KindOf(const ApiErrors& errors, const absl::Status& status) {
  if (const std::optional<ErrorInfo> info = GetErrorInfo(status)) {
    if (const ApiErrorKind* kind = FindKind(errors, info->reason)) return kind;
  }
  if (const ApiErrorKind* kind = FindKind(errors, status.code())) return kind;
  return FindKind(errors, absl::StatusCode::kUnknown);
}

void AppendMember(std::string_view name, std::string_view text, std::string& json) {
  json.push_back(json.empty() ? '{' : ',');
  AppendJsonString(name, json);
  json.push_back(':');
  AppendJsonString(text, json);
}

// A string as what it says, anything else as it stands, null as nothing.
std::string TextOf(JsonReader& json) {
  if (json.Null()) return "";
  const size_t start = json.position();
  const std::string_view raw = json.Raw();
  if (!json.ok() || !raw.starts_with('"')) return std::string(raw);
  json.GoBack(start);
  return json.String();
}

struct Parsed {
  bool found = false;
  std::string message;
  std::string type;
};

// At the value that is the error.
void TakeError(const ApiErrors& errors, JsonReader& json, Parsed& error) {
  if (json.Null()) return;
  const size_t start = json.position();
  const std::string_view raw = json.Raw();
  if (!json.ok()) return;
  if (!raw.starts_with('{')) {
    if (!raw.starts_with('"')) return;
    json.GoBack(start);
    error.message = json.String();
    error.found = true;
    return;
  }
  json.GoBack(start);
  json.Object([&](std::string_view key) {
    if (key == errors.message) {
      error.message = TextOf(json);
      error.found = true;
    } else if (key == errors.type) {
      error.type = TextOf(json);
      error.found = true;
    } else {
      json.Skip();
    }
  });
}

}  // namespace

absl::StatusCode ApiCodeForHttp(int http_status) {
  switch (http_status) {
    case 400:
    case 405:
    case 406:
    case 411:
    case 413:
    case 414:
    case 415:
    case 422:
      return absl::StatusCode::kInvalidArgument;
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
    case 410:
      return absl::StatusCode::kNotFound;
    case 408:
    case 504:
      return absl::StatusCode::kDeadlineExceeded;
    case 409:
      return absl::StatusCode::kAborted;
    case 412:
      return absl::StatusCode::kFailedPrecondition;
    case 429:
      return absl::StatusCode::kResourceExhausted;
    case 499:
      return absl::StatusCode::kCancelled;
    case 500:
      return absl::StatusCode::kInternal;
    case 501:
      return absl::StatusCode::kUnimplemented;
    case 502:
    case 503:
      return absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kUnknown;
  }
}

int ApiErrorHttpStatus(const ApiErrors& errors, const absl::Status& status) {
  const ApiErrorKind* kind = KindOf(errors, status);
  return kind != nullptr && kind->http_status != 0 ? kind->http_status
                                                   : HttpStatusFor(status.code());
}

std::string ApiErrorJson(const ApiErrors& errors, const absl::Status& status) {
  const ApiErrorKind* kind = KindOf(errors, status);
  std::string error;
  AppendMember(errors.message, StdView(status.message()), error);
  AppendMember(errors.type, kind != nullptr ? kind->type : StatusCodeName(status.code()), error);
  error.push_back('}');
  if (errors.in.empty()) return error;
  std::string json;
  if (!errors.name_in.empty()) AppendMember(errors.name_in, errors.event, json);
  json.push_back(json.empty() ? '{' : ',');
  AppendJsonString(errors.in, json);
  absl::StrAppend(&json, ":", error, "}");
  return json;
}

std::optional<absl::Status> ParseApiError(const ApiErrors& errors, std::string_view json,
                                          int http_status, const Limits& limits) {
  JsonReader reader(json, limits.max_json_depth);
  Parsed error;
  if (errors.in.empty()) {
    TakeError(errors, reader, error);
  } else {
    reader.Object([&](std::string_view key) {
      if (key == errors.in) {
        TakeError(errors, reader, error);
      } else {
        reader.Skip();
      }
    });
  }
  if (!reader.Finish().ok() || !error.found) return std::nullopt;
  absl::StatusCode code =
      http_status != 0 ? ApiCodeForHttp(http_status) : absl::StatusCode::kUnknown;
  if (const ApiErrorKind* kind = FindKind(errors, error.type)) code = kind->code;
  absl::Status status(code, error.message);
  if (error.type.empty() && http_status == 0) return status;
  ErrorInfo info;
  info.reason = error.type;
  if (http_status != 0) info.metadata["http_status"] = absl::StrCat(http_status);
  return WithErrorInfo(std::move(status), info);
}

}  // namespace runnel
