#include "runtime/wire/connect_error.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/core/json_string.h"
#include "runtime/core/status_code.h"
#include "runtime/core/status_details.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/wire/base64.h"
#include "runtime/wire/json_reader.h"

namespace runnel {
namespace {

void AppendError(const absl::Status& status, std::string& out) {
  absl::StrAppend(&out, "{\"code\":\"", AbslView(StatusCodeName(status.code())), "\"");
  if (!status.message().empty()) {
    out += ",\"message\":";
    AppendJsonString(StdView(status.message()), out);
  }
  const std::vector<StatusDetail> details = GetDetails(status);
  for (size_t i = 0; i < details.size(); ++i) {
    out += i == 0 ? ",\"details\":[" : ",";
    out += "{\"type\":";
    AppendJsonString(details[i].type, out);
    out += ",\"value\":\"";
    AppendBase64(details[i].value, out);
    out += "\"}";
  }
  if (!details.empty()) out += ']';
  out += '}';
}

ConnectError ReadError(JsonReader& json, absl::StatusCode otherwise) {
  std::optional<absl::StatusCode> code;
  std::string message;
  std::vector<StatusDetail> details;
  json.Object([&](std::string_view key) {
    if (key == "code") {
      code = StatusCodeFromName(json.String());
    } else if (key == "message") {
      message = json.String();
    } else if (key == "details") {
      json.Array([&] {
        StatusDetail detail;
        json.Object([&](std::string_view member) {
          if (member == "type") {
            detail.type = json.String();
          } else if (member == "value") {
            detail.value = json.Bytes();
          } else {
            json.Skip();
          }
        });
        details.push_back(std::move(detail));
      });
    } else {
      json.Skip();
    }
  });
  ConnectError error;
  error.status = absl::Status(code.value_or(otherwise), message);
  error.has_code = code.has_value();
  for (const StatusDetail& detail : details) AddDetail(error.status, detail);
  return error;
}

}  // namespace

std::string ConnectErrorJson(const absl::Status& status) {
  std::string json;
  AppendError(status, json);
  return json;
}

absl::StatusOr<ConnectError> ParseConnectError(std::string_view json, const Limits& limits,
                                               absl::StatusCode otherwise) {
  JsonReader reader(json, limits.max_json_depth);
  ConnectError error = ReadError(reader, otherwise);
  RUNNEL_RETURN_IF_ERROR(reader.Finish());
  return error;
}

std::string EndOfStreamJson(const EndOfStream& end) {
  std::string json = "{";
  if (!end.status.ok()) {
    json += "\"error\":";
    AppendError(end.status, json);
  }
  if (!end.trailers.empty()) {
    json += end.status.ok() ? "\"metadata\":{" : ",\"metadata\":{";
    std::vector<std::string> written;
    for (const auto& [key, value] : end.trailers) {
      if (std::find(written.begin(), written.end(), key) != written.end()) continue;
      if (!written.empty()) json += ',';
      written.push_back(key);
      AppendJsonString(key, json);
      json += ":[";
      bool first = true;
      for (std::string_view one : end.trailers.GetAll(key)) {
        if (!std::exchange(first, false)) json += ',';
        std::string text(one);
        if (IsBinaryKey(key)) {
          text.clear();
          AppendBase64(one, text);
        }
        AppendJsonString(text, json);
      }
      json += ']';
    }
    json += '}';
  }
  json += '}';
  return json;
}

absl::StatusOr<EndOfStream> ParseEndOfStream(std::string_view json, const Limits& limits) {
  EndOfStream end;
  JsonReader reader(json, limits.max_json_depth);
  reader.Object([&](std::string_view key) {
    if (key == "error") {
      // Nothing else says what went wrong, so an error is taken whatever its code.
      if (!reader.Null()) end.status = ReadError(reader, absl::StatusCode::kUnknown).status;
    } else if (key == "metadata") {
      reader.Object([&](std::string_view name) {
        const std::string trailer(name);
        reader.Array([&] {
          end.trailers.Add(trailer, IsBinaryKey(trailer) ? reader.Bytes() : reader.String());
        });
      });
    } else {
      reader.Skip();
    }
  });
  RUNNEL_RETURN_IF_ERROR(reader.Finish());
  return end;
}

}  // namespace runnel
