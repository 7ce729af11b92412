#include "runtime/api/api_request.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/api/field_text.h"
#include "runtime/api/percent_text.h"
#include "runtime/core/codec.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"

namespace runnel {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// A field somewhere in a message: itself, and the fields on the way to it.
struct Place {
  std::vector<const FieldDescriptor*> way;
  const FieldDescriptor* field = nullptr;

  Message& ParentIn(Message& message) const {
    Message* parent = &message;
    for (const FieldDescriptor* step : way) {
      parent = parent->GetReflection()->MutableMessage(parent, step);
    }
    return *parent;
  }
  const Message& ParentIn(const Message& message) const {
    const Message* parent = &message;
    for (const FieldDescriptor* step : way) {
      parent = &parent->GetReflection()->GetMessage(*parent, step);
    }
    return *parent;
  }
};

const FieldDescriptor* FindField(const Descriptor& type, std::string_view name) {
  const std::string text(name);
  const FieldDescriptor* field = type.FindFieldByName(text);
  for (int i = 0; field == nullptr && i < type.field_count(); ++i) {
    if (type.field(i)->json_name() == text) field = type.field(i);
  }
  return field;
}

// The single or repeated field that "a.b" names, by names of the .proto or of JSON; nullopt when
// there is none.
std::optional<Place> FindPlace(const Descriptor& type, std::string_view path) {
  Place place;
  const Descriptor* in = &type;
  while (true) {
    const size_t dot = path.find('.');
    const FieldDescriptor* field = FindField(*in, path.substr(0, dot));
    if (field == nullptr) return std::nullopt;
    if (dot == path.npos) {
      place.field = field;
      return place;
    }
    if (field->message_type() == nullptr || field->is_repeated()) return std::nullopt;
    place.way.push_back(field);
    in = field->message_type();
    path.remove_prefix(dot + 1);
  }
}

void AppendParameter(std::string_view name, std::string_view value, std::string& query) {
  query.push_back(query.empty() ? '?' : '&');
  AppendPercentEncoded(name, "", query);
  query.push_back('=');
  AppendPercentEncoded(value, "", query);
}

void AppendQuery(const Message& message, const std::string& prefix, std::string& query) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string name = absl::StrCat(prefix, field->json_name());
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      AppendQuery(message.GetReflection()->GetMessage(message, field), name + ".", query);
    } else if (!field->is_repeated()) {
      AppendParameter(name, FieldText(message, *field), query);
    } else {
      const int size = message.GetReflection()->FieldSize(message, field);
      for (int i = 0; i < size; ++i) AppendParameter(name, FieldText(message, *field, i), query);
    }
  }
}

absl::Status TakeParameter(std::string_view parameter, Message& request) {
  const size_t equals = parameter.find('=');
  const std::string_view text =
      equals == parameter.npos ? std::string_view() : parameter.substr(equals + 1);
  const std::optional<std::string> name =
      PercentDecoded(parameter.substr(0, equals), PlusMeans::kSpace);
  const std::optional<std::string> value = PercentDecoded(text, PlusMeans::kSpace);
  if (!name || !value) {
    return absl::InvalidArgumentError("the query has a \"%\" without two hexadecimal digits");
  }
  const std::optional<Place> place = FindPlace(*request.GetDescriptor(), *name);
  if (!place || place->field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return absl::OkStatus();
  }
  return SetFieldText(place->ParentIn(request), *place->field, *value);
}

absl::Status TakeQuery(std::string_view query, Message& request) {
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view parameter = query.substr(0, end);
    if (!parameter.empty()) RUNNEL_RETURN_IF_ERROR(TakeParameter(parameter, request));
    query.remove_prefix(end == query.npos ? query.size() : end + 1);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ApiRequest> EncodeApiRequest(const ApiMethod& method, const Message& request,
                                            bool streams) {
  const PathTemplate path(method.path);
  ApiRequest encoded;
  // What is left when the path has taken its part.
  std::unique_ptr<Message> rest(request.New());
  rest->CopyFrom(request);
  std::vector<std::string> texts;
  for (const std::string& name : path.fields()) {
    const std::optional<Place> place = FindPlace(*request.GetDescriptor(), name);
    texts.push_back(FieldText(place->ParentIn(request), *place->field));
    if (texts.back().empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(request.GetTypeName(), ".", name, " is empty, and a part of the path"));
    }
    Message& parent = place->ParentIn(*rest);
    parent.GetReflection()->ClearField(&parent, place->field);
  }
  encoded.target = path.Fill(texts);
  if (!method.when.empty()) {
    const FieldDescriptor* when = FindField(*request.GetDescriptor(), method.when);
    if (streams) {
      rest->GetReflection()->SetBool(rest.get(), when, true);
    } else {
      rest->GetReflection()->ClearField(rest.get(), when);
    }
  }
  if (method.body == "*") {
    RUNNEL_RETURN_IF_ERROR(EncodeMessage(Codec::kJson, *rest, encoded.body.emplace()));
    return encoded;
  }
  if (!method.body.empty()) {
    const FieldDescriptor* body = FindField(*request.GetDescriptor(), method.body);
    RUNNEL_RETURN_IF_ERROR(EncodeMessage(
        Codec::kJson, rest->GetReflection()->GetMessage(*rest, body), encoded.body.emplace()));
    rest->GetReflection()->ClearField(rest.get(), body);
  }
  std::string query;
  AppendQuery(*rest, "", query);
  encoded.target.append(query);
  return encoded;
}

absl::Status DecodeApiRequest(const ApiMethod& method, const PathTemplate::Values& path,
                              std::string_view query, std::string_view body, const Limits& limits,
                              Message& request) {
  request.Clear();
  if (!method.body.empty() && body.empty()) {
    return absl::InvalidArgumentError("the request's body is empty; it has to be JSON");
  }
  if (method.body == "*") {
    RUNNEL_RETURN_IF_ERROR(DecodeMessage(Codec::kJson, body, limits, request));
  } else {
    RUNNEL_RETURN_IF_ERROR(TakeQuery(query, request));
    if (!method.body.empty()) {
      const FieldDescriptor* field = FindField(*request.GetDescriptor(), method.body);
      RUNNEL_RETURN_IF_ERROR(DecodeMessage(
          Codec::kJson, body, limits, *request.GetReflection()->MutableMessage(&request, field)));
    }
  }
  // It is the path that was asked for, whatever else is said.
  for (const auto& [name, text] : path) {
    const std::optional<Place> place = FindPlace(*request.GetDescriptor(), name);
    RUNNEL_RETURN_IF_ERROR(SetFieldText(place->ParentIn(request), *place->field, text));
  }
  return absl::OkStatus();
}

bool AsksForStream(const ApiMethod& method, const Message& request) {
  const FieldDescriptor* when = FindField(*request.GetDescriptor(), method.when);
  return when != nullptr && request.GetReflection()->GetBool(request, when);
}

}  // namespace runnel
