#include "tests/conformance/event_stream_case.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/wire/base64.h"
#include "runtime/wire/event_parser.h"

namespace conformance {
namespace {

using Json = nlohmann::json;

absl::StatusOr<std::string> TextOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) {
    return absl::InvalidArgumentError(absl::StrCat("no string `", key, "`"));
  }
  return found->get<std::string>();
}

absl::Status TakeChunks(const Json& chunks, EventStreamCase& one) {
  if (!chunks.is_array()) return absl::InvalidArgumentError("`chunks` is not an array");
  size_t last = 0;
  for (const Json& chunk : chunks) {
    if (!chunk.is_number_unsigned() || chunk.get<size_t>() < last ||
        chunk.get<size_t>() > one.stream.size()) {
      return absl::InvalidArgumentError(absl::StrCat("chunk ", chunk.dump(),
                                                     " is no offset between ", last, " and ",
                                                     one.stream.size(), ", where the stream ends"));
    }
    last = chunk.get<size_t>();
    one.chunks.push_back(last);
  }
  return absl::OkStatus();
}

absl::StatusOr<StreamEvent> TakeEvent(const Json& json) {
  if (!json.is_object()) return absl::InvalidArgumentError("it is not an object");
  StreamEvent event;
  RUNNEL_ASSIGN_OR_RETURN(event.type, TextOf(json, "type"));
  RUNNEL_ASSIGN_OR_RETURN(event.data, TextOf(json, "data"));
  RUNNEL_ASSIGN_OR_RETURN(event.id, TextOf(json, "id"));
  return event;
}

absl::Status TakeContent(const Json& json, StreamContent& content) {
  if (!json.contains("events") || !json["events"].is_array()) {
    return absl::InvalidArgumentError("no array `events`");
  }
  for (const Json& one : json["events"]) {
    absl::StatusOr<StreamEvent> event = TakeEvent(one);
    if (!event.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("event ", content.events.size() + 1, ": ", event.status().message()));
    }
    content.events.push_back(*std::move(event));
  }
  if (json.contains("retry_ms")) {
    if (!json["retry_ms"].is_number_integer()) {
      return absl::InvalidArgumentError("`retry_ms` is not a whole number");
    }
    content.retry_ms = json["retry_ms"].get<int64_t>();
  }
  RUNNEL_ASSIGN_OR_RETURN(content.last_event_id, TextOf(json, "last_event_id"));
  return absl::OkStatus();
}

absl::Status TakeCase(const Json& json, EventStreamCase& one) {
  if (!json.is_object()) return absl::InvalidArgumentError("it is not an object");
  RUNNEL_ASSIGN_OR_RETURN(one.name, TextOf(json, "name"));
  RUNNEL_ASSIGN_OR_RETURN(const std::string base64, TextOf(json, "stream_base64"));
  const absl::Status decoded = runnel::DecodeBase64(base64, one.stream);
  if (!decoded.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("`stream_base64`: ", decoded.message()));
  }
  if (json.contains("chunks")) RUNNEL_RETURN_IF_ERROR(TakeChunks(json["chunks"], one));
  return TakeContent(json, one.expected);
}

Json JsonOf(const StreamEvent& event) {
  return {{"type", event.type}, {"data", event.data}, {"id", event.id}};
}

// For people: enough to see what it is.
std::string Shown(const Json& json) {
  std::string text = json.dump(-1, ' ', /*ensure_ascii=*/true);
  if (text.size() > 200) text = absl::StrCat(text.substr(0, 200), "… (", text.size(), " bytes)");
  return text;
}

std::string Retry(const std::optional<int64_t>& retry_ms) {
  return retry_ms ? absl::StrCat(*retry_ms) : "none";
}

absl::Status Take(std::string_view bytes, runnel::EventParser& parser, StreamContent& content) {
  const std::unique_ptr<char[]> piece(new char[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), piece.get());
  parser.Feed({piece.get(), bytes.size()});
  while (true) {
    RUNNEL_ASSIGN_OR_RETURN(const std::optional<runnel::EventView> event, parser.Next());
    if (!event) return absl::OkStatus();
    content.events.push_back(
        {std::string(event->type), std::string(event->data), std::string(event->id)});
  }
}

}  // namespace

absl::StatusOr<std::vector<EventStreamCase>> ParseEventStreamCases(std::string_view json) {
  Json file;
  try {
    file = Json::parse(json);
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
  if (!file.is_object() || !file.contains("cases") || !file["cases"].is_array()) {
    return absl::InvalidArgumentError("it is not an object with an array `cases`");
  }
  std::vector<EventStreamCase> cases;
  for (const Json& one : file["cases"]) {
    const absl::Status taken = TakeCase(one, cases.emplace_back());
    if (taken.ok()) continue;
    const std::string& name = cases.back().name;
    return absl::InvalidArgumentError(
        absl::StrCat("case ", cases.size(), name.empty() ? "" : absl::StrCat(" (", name, ")"), ": ",
                     taken.message()));
  }
  return cases;
}

absl::StatusOr<StreamContent> ReadStream(std::string_view stream, const std::vector<size_t>& cuts) {
  runnel::EventParser parser(std::numeric_limits<size_t>::max());
  StreamContent content;
  size_t from = 0;
  for (const size_t to : cuts) {
    RUNNEL_RETURN_IF_ERROR(Take(stream.substr(from, to - from), parser, content));
    from = to;
  }
  RUNNEL_RETURN_IF_ERROR(Take(stream.substr(from), parser, content));
  content.last_event_id = std::string(parser.last_event_id());
  if (parser.retry()) content.retry_ms = absl::ToInt64Milliseconds(*parser.retry());
  return content;
}

std::string ToJson(const std::string& name, const StreamContent& content) {
  Json json = {{"name", name}, {"events", Json::array()}};
  for (const StreamEvent& event : content.events) json["events"].push_back(JsonOf(event));
  if (content.retry_ms) json["retry_ms"] = *content.retry_ms;
  json["last_event_id"] = content.last_event_id;
  return json.dump();
}

std::string Difference(const StreamContent& expected, const StreamContent& actual) {
  const size_t common = std::min(expected.events.size(), actual.events.size());
  for (size_t i = 0; i < common; ++i) {
    if (expected.events[i] == actual.events[i]) continue;
    return absl::StrCat("event ", i + 1, ": expected ", Shown(JsonOf(expected.events[i])), ", got ",
                        Shown(JsonOf(actual.events[i])));
  }
  if (expected.events.size() != actual.events.size()) {
    const bool more = actual.events.size() > common;
    return absl::StrCat("expected ", expected.events.size(), " events, got ", actual.events.size(),
                        "; the first ", more ? "too many" : "missing", " is ",
                        Shown(JsonOf((more ? actual : expected).events[common])));
  }
  if (expected.retry_ms != actual.retry_ms) {
    return absl::StrCat("retry_ms: expected ", Retry(expected.retry_ms), ", got ",
                        Retry(actual.retry_ms));
  }
  return absl::StrCat("last_event_id: expected ", Shown(expected.last_event_id), ", got ",
                      Shown(actual.last_event_id));
}

}  // namespace conformance
