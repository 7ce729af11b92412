#include "codegen/model/api_reader.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "codegen/model/api_path.h"
#include "runnel/v1/options.pb.h"

namespace runnel::codegen {
namespace {

namespace pb = google::protobuf;
using Fields = std::set<const pb::FieldDescriptor*>;

constexpr char kOtherEvent[] = "runnel.v1.OtherEvent";
constexpr char kAnyName[] = "*";

// Where elements are in their file, as SourceCodeInfo counts: the numbers of fields in the
// descriptors' own messages, and indexes.
std::vector<int> PathOf(const pb::Descriptor& type) {
  if (type.containing_type() == nullptr) return {4, type.index()};
  std::vector<int> path = PathOf(*type.containing_type());
  path.insert(path.end(), {3, type.index()});
  return path;
}
std::vector<int> OptionsOf(const pb::FieldDescriptor& field) {
  std::vector<int> path = PathOf(*field.containing_type());
  path.insert(path.end(), {2, field.index(), 8});
  return path;
}
std::vector<int> OptionsOf(const pb::ServiceDescriptor& service) { return {6, service.index(), 3}; }
std::vector<int> OptionsOf(const pb::MethodDescriptor& method) {
  return {6, method.service()->index(), 2, method.index(), 4};
}

// Why an element cannot be what its option says; with the place of the option, or of the element
// where it has none, or without one where the compiler was not given places.
template <typename Descriptor>
absl::Status Wrong(const Descriptor& element, int option, const std::string& what) {
  std::vector<int> path = OptionsOf(element);
  path.push_back(option);
  pb::SourceLocation location;
  const bool known =
      element.file()->GetSourceLocation(path, &location) || element.GetSourceLocation(&location);
  const std::string line = known ? absl::StrCat(":", location.start_line + 1) : "";
  return absl::InvalidArgumentError(
      absl::StrCat(element.file()->name(), line, ": \"", element.full_name(), "\" ", what));
}

absl::Status WrongHttp(const pb::MethodDescriptor& method, const std::string& what) {
  return Wrong(method, runnel::v1::kHttpFieldNumber, what);
}
absl::Status WrongSse(const pb::MethodDescriptor& method, const std::string& what) {
  return Wrong(method, runnel::v1::kSseFieldNumber, what);
}
absl::Status WrongErrors(const pb::ServiceDescriptor& service, const std::string& what) {
  return Wrong(service, runnel::v1::kErrorsFieldNumber, what);
}
absl::Status WrongEvent(const pb::FieldDescriptor& field, const std::string& what) {
  return Wrong(field, runnel::v1::kEventFieldNumber, what);
}

bool HasEvent(const pb::FieldDescriptor& field) {
  return field.options().HasExtension(runnel::v1::event);
}

// Whether a name can stand in an `event:` field.
bool IsEventName(std::string_view name) {
  return !name.empty() && name.front() != ' ' &&
         std::none_of(name.begin(), name.end(),
                      [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

bool IsScalar(const pb::FieldDescriptor& field) {
  return field.cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE;
}

// The field that a path with dots names; null when there is none. `why` says then what is wrong.
const pb::FieldDescriptor* FindField(const pb::Descriptor& message, std::string_view path,
                                     std::string& why) {
  const pb::Descriptor* type = &message;
  while (true) {
    const size_t dot = path.find('.');
    const std::string name(path.substr(0, dot));
    const pb::FieldDescriptor* field = type->FindFieldByName(name);
    if (field == nullptr) {
      why = absl::StrCat("message \"", type->full_name(), "\" has no field \"", name, "\"");
      return nullptr;
    }
    if (field->is_repeated()) {
      why = absl::StrCat("field \"", field->full_name(), "\" is repeated");
      return nullptr;
    }
    if (dot == path.npos) return field;
    if (field->message_type() == nullptr) {
      why = absl::StrCat("field \"", field->full_name(), "\" is no message");
      return nullptr;
    }
    type = field->message_type();
    path.remove_prefix(dot + 1);
  }
}

// Whether all of the message but `elsewhere` can travel in a query.
absl::Status CheckQuery(const pb::MethodDescriptor& method, const pb::Descriptor& message,
                        const Fields& elsewhere, std::set<const pb::Descriptor*> within) {
  if (!within.insert(&message).second) {
    return WrongHttp(method,
                     absl::StrCat("sends message \"", message.full_name(),
                                  "\" in the query, which contains itself; add body: \"*\""));
  }
  for (int i = 0; i < message.field_count(); ++i) {
    const pb::FieldDescriptor& field = *message.field(i);
    if (elsewhere.count(&field) != 0 || IsScalar(field)) continue;
    if (field.is_repeated()) {
      return WrongHttp(method,
                       absl::StrCat("sends field \"", field.full_name(),
                                    "\" in the query, which has no form for repeated messages and "
                                    "maps; add body: \"*\""));
    }
    absl::Status inner = CheckQuery(method, *field.message_type(), elsewhere, within);
    if (!inner.ok()) return inner;
  }
  return absl::OkStatus();
}

absl::Status ReadPattern(const pb::MethodDescriptor& method, const runnel::v1::Http& http,
                         Api& api) {
  switch (http.pattern_case()) {
    case runnel::v1::Http::kGet:
      api.verb = "GET", api.path = http.get();
      break;
    case runnel::v1::Http::kPut:
      api.verb = "PUT", api.path = http.put();
      break;
    case runnel::v1::Http::kPost:
      api.verb = "POST", api.path = http.post();
      break;
    case runnel::v1::Http::kDelete:
      api.verb = "DELETE", api.path = http.delete_();
      break;
    case runnel::v1::Http::kPatch:
      api.verb = "PATCH", api.path = http.patch();
      break;
    case runnel::v1::Http::kReport:
      api.verb = "REPORT", api.path = http.report();
      break;
    case runnel::v1::Http::PATTERN_NOT_SET:
      return WrongHttp(method,
                       "has no verb and path; set one of get, put, post, delete, patch, report");
  }
  api.body = http.body();
  return absl::OkStatus();
}

absl::Status ReadHttp(const pb::MethodDescriptor& method, Api& api) {
  const pb::Descriptor& request = *method.input_type();
  absl::Status pattern = ReadPattern(method, method.options().GetExtension(runnel::v1::http), api);
  if (!pattern.ok()) return pattern;
  if (method.client_streaming()) {
    return WrongHttp(method,
                     "is no method of HTTP: its requests are a stream; remove (runnel.v1.http) or "
                     "the word \"stream\" before the request");
  }
  absl::StatusOr<std::vector<std::string>> in_path = ReadApiPath(api.path);
  if (!in_path.ok()) return WrongHttp(method, std::string(in_path.status().message()));
  Fields elsewhere;
  for (const std::string& name : *in_path) {
    std::string why;
    const pb::FieldDescriptor* field = FindField(request, name, why);
    if (field != nullptr && !IsScalar(*field)) {
      why = absl::StrCat("field \"", field->full_name(), "\" is a message");
    }
    if (!why.empty()) {
      return WrongHttp(method, absl::StrCat("has {", name, "} in its path, but ", why));
    }
    elsewhere.insert(field);
  }
  if (!api.body.empty() && (api.verb == "GET" || api.verb == "DELETE")) {
    return WrongHttp(method, absl::StrCat("has a body, which a ", api.verb,
                                          " has not; remove body, or take another verb"));
  }
  if (api.body == "*") return absl::OkStatus();
  if (!api.body.empty()) {
    const pb::FieldDescriptor* body = request.FindFieldByName(api.body);
    if (body == nullptr) {
      return WrongHttp(method, absl::StrCat("has the body \"", api.body, "\", but message \"",
                                            request.full_name(), "\" has no such field"));
    }
    if (IsScalar(*body) || body->is_repeated()) {
      return WrongHttp(
          method, absl::StrCat("has the body \"", api.body,
                               "\", which is not one message; put it into one, or take \"*\""));
    }
    for (const std::string& name : *in_path) {
      if (name.rfind(api.body + ".", 0) == 0) {
        return WrongHttp(method, absl::StrCat("has {", name, "} in its path and in its body"));
      }
    }
    elsewhere.insert(body);
  }
  return CheckQuery(method, request, elsewhere, {});
}

absl::Status ReadEvent(const pb::FieldDescriptor& field, const Api& api, ApiEvent& event) {
  event.name = field.options().GetExtension(runnel::v1::event);
  event.field = field.number();
  event.ends_stream = field.options().GetExtension(runnel::v1::ends_stream);
  const bool other =
      field.message_type() != nullptr && field.message_type()->full_name() == kOtherEvent;
  if (other != (event.name == kAnyName)) {
    return WrongEvent(field,
                      absl::StrCat("and \"*\" belong together: a member of the type ", kOtherEvent,
                                   " has the event name \"*\", and no other has"));
  }
  if (!IsEventName(event.name)) {
    return WrongEvent(field,
                      "has an event name that no stream can carry; it has at least one character, "
                      "no control characters, and does not begin with a space");
  }
  if (IsScalar(field) && field.type() != pb::FieldDescriptor::TYPE_STRING) {
    return WrongEvent(field, "is neither a message nor a string, so it cannot be an event's data");
  }
  if (!api.name_in.empty()) {
    if (IsScalar(field)) {
      return WrongEvent(field,
                        absl::StrCat("is text, which has no member \"", api.name_in,
                                     "\" as (runnel.v1.sse).name_in wants; make it a message"));
    }
    for (int i = 0; i < field.message_type()->field_count(); ++i) {
      if (field.message_type()->field(i)->json_name() != api.name_in) continue;
      return WrongEvent(field, absl::StrCat("has a field \"", api.name_in,
                                            "\" of its own, where (runnel.v1.sse).name_in puts the "
                                            "event's name; remove one of them"));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadEvents(const pb::MethodDescriptor& method, Api& api) {
  const pb::Descriptor& response = *method.output_type();
  const pb::OneofDescriptor* oneof = nullptr;
  for (int i = 0; i < response.field_count(); ++i) {
    const pb::FieldDescriptor& field = *response.field(i);
    if (!HasEvent(field)) continue;
    if (field.real_containing_oneof() == nullptr) {
      return WrongEvent(field, "has an event name, but is in no oneof; put the events into one");
    }
    if (oneof != nullptr && field.real_containing_oneof() != oneof) {
      return WrongEvent(field, absl::StrCat("has an event name, and so have members of oneof \"",
                                            oneof->name(), "\"; put all of them into one"));
    }
    oneof = field.real_containing_oneof();
  }
  std::map<std::string, const pb::FieldDescriptor*> names;
  for (int i = 0; i < response.field_count(); ++i) {
    const pb::FieldDescriptor& field = *response.field(i);
    if (field.options().HasExtension(runnel::v1::ends_stream) && !HasEvent(field)) {
      return Wrong(field, runnel::v1::kEndsStreamFieldNumber,
                   "ends the stream, but is no event; add (runnel.v1.event)");
    }
    if (oneof == nullptr) continue;
    if (!HasEvent(field)) {
      return WrongEvent(field, absl::StrCat("has no (runnel.v1.event), so it would not travel: the "
                                            "events of \"",
                                            response.full_name(), "\" are the members of oneof \"",
                                            oneof->name(), "\""));
    }
    ApiEvent event;
    absl::Status read = ReadEvent(field, api, event);
    if (!read.ok()) return read;
    const auto [other, added] = names.emplace(event.name, &field);
    if (!added) {
      return WrongEvent(field, absl::StrCat("has the event name \"", event.name, "\", which \"",
                                            other->second->name(), "\" has too"));
    }
    api.events.push_back(std::move(event));
  }
  return absl::OkStatus();
}

// The field of (runnel.v1.sse).when.
absl::Status CheckWhen(const pb::MethodDescriptor& method, const Api& api) {
  if (api.body != "*") {
    return WrongSse(method,
                    "is chosen by a field of the body; add body: \"*\" to (runnel.v1.http)");
  }
  const pb::FieldDescriptor* field = method.input_type()->FindFieldByName(api.when);
  if (field == nullptr || field->is_repeated() ||
      field->cpp_type() != pb::FieldDescriptor::CPPTYPE_BOOL) {
    return WrongSse(method,
                    absl::StrCat("is chosen by \"", api.when, "\", but message \"",
                                 method.input_type()->full_name(), "\" has no bool of that name"));
  }
  return absl::OkStatus();
}

absl::Status ReadSse(const pb::MethodDescriptor& method, Api& api) {
  const runnel::v1::Sse& sse = method.options().GetExtension(runnel::v1::sse);
  api.when = sse.when();
  api.done = sse.done();
  api.event = sse.event();
  api.name_in = sse.name_in();
  if (!method.server_streaming()) {
    if (!method.options().HasExtension(runnel::v1::sse)) return absl::OkStatus();
    return WrongSse(method,
                    "has (runnel.v1.sse), but its response is no stream; remove the option, or "
                    "return a stream");
  }
  absl::Status events = ReadEvents(method, api);
  if (!events.ok()) return events;
  if (!api.when.empty()) {
    absl::Status when = CheckWhen(method, api);
    if (!when.ok()) return when;
  }
  if (api.done.find_first_of("\r\n") != std::string::npos) {
    return WrongSse(method, "has a `done` of several lines; it has to be one");
  }
  if (!api.event.empty() && !api.events.empty()) {
    return WrongSse(method, absl::StrCat("names its events \"", api.event, "\", but those of \"",
                                         method.output_type()->full_name(),
                                         "\" have names of their own; remove one of them"));
  }
  if (!api.event.empty() && (!IsEventName(api.event) || api.event == kAnyName)) {
    return WrongSse(method, absl::StrCat("has events of the name \"", api.event,
                                         "\", which no stream can carry"));
  }
  if (!api.name_in.empty() && api.events.empty()) {
    return WrongSse(method,
                    "has name_in, but its events have no names; give the members of a oneof in "
                    "its response (runnel.v1.event), or remove name_in");
  }
  return absl::OkStatus();
}

absl::Status ReadErrors(const pb::MethodDescriptor& method, Api& api) {
  const pb::ServiceDescriptor& service = *method.service();
  const runnel::v1::Errors& errors = service.options().GetExtension(runnel::v1::errors);
  ApiErrors& read = api.errors;
  read.event = errors.event();
  read.in = errors.in();
  if (!errors.message().empty()) read.message = errors.message();
  if (!errors.type().empty()) read.type = errors.type();
  read.name_in = errors.name_in();
  if (!read.event.empty() && (!IsEventName(read.event) || read.event == kAnyName)) {
    return WrongErrors(service, absl::StrCat("has errors in events of the name \"", read.event,
                                             "\", which no stream can carry"));
  }
  if (!read.name_in.empty() && (read.event.empty() || read.in.empty())) {
    return WrongErrors(service, "has name_in in its errors without event and in; set both");
  }
  if (read.message == read.type) {
    return WrongErrors(service, absl::StrCat("has the message and the type of its errors both in "
                                             "the member \"",
                                             read.type, "\""));
  }
  for (const ApiEvent& event : api.events) {
    if (event.name != read.event) continue;
    return Wrong(method, runnel::v1::kSseFieldNumber,
                 absl::StrCat("has an event \"", event.name,
                              "\", which is an error by (runnel.v1.errors) of its service; remove "
                              "one of them"));
  }
  std::set<std::string> types;
  for (const runnel::v1::ErrorKind& kind : errors.kinds()) {
    if (kind.type().empty() || !types.insert(kind.type()).second) {
      return WrongErrors(service, absl::StrCat("has two kinds of errors of the type \"",
                                               kind.type(), "\", or one of none"));
    }
    if (kind.code() <= 0 || kind.code() > 16) {
      return WrongErrors(
          service, absl::StrCat("has errors of the type \"", kind.type(),
                                "\" whose code is none of an error; set code to one, not OK"));
    }
    if (kind.http_status() != 0 && (kind.http_status() < 400 || kind.http_status() > 599)) {
      return WrongErrors(
          service, absl::StrCat("has errors of the type \"", kind.type(), "\" with HTTP status ",
                                kind.http_status(), "; errors have 400 to 599"));
    }
    read.kinds.push_back({kind.type(), static_cast<int>(kind.code()), kind.http_status()});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::optional<Api>> ReadApi(const pb::MethodDescriptor& method) {
  if (!method.options().HasExtension(runnel::v1::http)) {
    if (!method.options().HasExtension(runnel::v1::sse)) return std::nullopt;
    return WrongSse(method, "has (runnel.v1.sse) without (runnel.v1.http); add its verb and path");
  }
  Api api;
  if (absl::Status read = ReadHttp(method, api); !read.ok()) return read;
  if (absl::Status read = ReadSse(method, api); !read.ok()) return read;
  if (absl::Status read = ReadErrors(method, api); !read.ok()) return read;
  return api;
}

std::string WhenBeside(const pb::MethodDescriptor& method) {
  const pb::ServiceDescriptor& service = *method.service();
  absl::StatusOr<std::optional<Api>> own = ReadApi(method);
  if (!own.ok() || !*own || method.server_streaming()) return "";
  for (int i = 0; i < service.method_count(); ++i) {
    absl::StatusOr<std::optional<Api>> api = ReadApi(*service.method(i));
    if (!api.ok() || !*api || (*api)->when.empty()) continue;
    if ((*api)->verb == (*own)->verb && (*api)->path == (*own)->path) return (*api)->when;
  }
  return "";
}

absl::Status CheckApis(const pb::ServiceDescriptor& service) {
  struct Place {
    const pb::MethodDescriptor* method;
    Api api;
    bool shared = false;
  };
  std::map<std::string, Place> places;
  for (int i = 0; i < service.method_count(); ++i) {
    const pb::MethodDescriptor& method = *service.method(i);
    absl::StatusOr<std::optional<Api>> api = ReadApi(method);
    if (!api.ok()) return api.status();
    if (!*api) continue;
    const std::string place = absl::StrCat((*api)->verb, " ", ShapeOfApiPath((*api)->path));
    const auto [entry, added] = places.emplace(place, Place{&method, **api, false});
    if (added) continue;
    Place& first = entry->second;
    const bool chosen = !std::exchange(first.shared, true) &&
                        first.method->server_streaming() != method.server_streaming() &&
                        (first.api.when.empty() != (*api)->when.empty());
    if (!chosen) {
      return WrongHttp(method, absl::StrCat("has the same requests as \"",
                                            first.method->full_name(), "\", ", place,
                                            "; set (runnel.v1.sse).when, which tells a stream from "
                                            "a unary method, or change one of the paths"));
    }
    if (first.method->input_type() != method.input_type() || first.api.path != (*api)->path) {
      return WrongHttp(method, absl::StrCat("has the same requests as \"",
                                            first.method->full_name(), "\", ", place,
                                            ", but reads them as another message; take one for "
                                            "both, and the same path"));
    }
  }
  if (places.empty() && service.options().HasExtension(runnel::v1::errors)) {
    return WrongErrors(service,
                       "has (runnel.v1.errors), but no method with (runnel.v1.http); remove it");
  }
  return absl::OkStatus();
}

std::vector<const pb::Descriptor*> ApiMessages(const pb::MethodDescriptor& method) {
  std::vector<const pb::Descriptor*> messages;
  if (!method.options().HasExtension(runnel::v1::http)) return messages;
  const pb::FieldDescriptor* body =
      method.input_type()->FindFieldByName(method.options().GetExtension(runnel::v1::http).body());
  if (body != nullptr) messages.push_back(body->message_type());
  const pb::Descriptor& response = *method.output_type();
  for (int i = 0; i < response.field_count(); ++i) {
    const pb::FieldDescriptor& field = *response.field(i);
    if (!HasEvent(field) || field.message_type() == nullptr) continue;
    if (field.message_type()->full_name() != kOtherEvent) messages.push_back(field.message_type());
  }
  return messages;
}

}  // namespace runnel::codegen
