#include "codegen/cpp/api_emitter.h"

#include <algorithm>

#include "codegen/cpp/string_literal.h"

namespace runnel::codegen {
namespace {

std::string Place(size_t service, size_t method) {
  return std::to_string(service) + "_" + std::to_string(method);
}

bool HasApi(const Service& service) {
  return std::any_of(service.methods.begin(), service.methods.end(),
                     [](const Method& method) { return method.api.has_value(); });
}

void PrintText(const char* name, const std::string& text, CodeWriter& out) {
  out.Print("    .$name$ = $text$,\n", {{"name", name}, {"text", StringLiteral(text)}});
}

// All methods of a service have the same ones.
void PrintErrors(const ApiErrors& errors, size_t service, CodeWriter& out) {
  const std::string index = std::to_string(service);
  if (!errors.kinds.empty()) {
    out.Print("constexpr ApiErrorKind kErrorKinds$index$[] = {\n", {{"index", index}});
    for (const ApiErrorKind& kind : errors.kinds) {
      out.Print("    {$type$, static_cast<::absl::StatusCode>($code$), $http_status$},\n",
                {{"type", StringLiteral(kind.type)},
                 {"code", std::to_string(kind.code)},
                 {"http_status", std::to_string(kind.http_status)}});
    }
    out.Print("};\n");
  }
  out.Print("constexpr ApiErrors kErrors$index$ = {\n", {{"index", index}});
  PrintText("event", errors.event, out);
  PrintText("in", errors.in, out);
  PrintText("message", errors.message, out);
  PrintText("type", errors.type, out);
  out.Print("    .kinds = $kinds$,\n",
            {{"kinds", errors.kinds.empty() ? "{}" : "kErrorKinds" + index}});
  PrintText("name_in", errors.name_in, out);
  out.Print("};\n");
}

void PrintApi(const Method& method, size_t service, const std::string& place, CodeWriter& out) {
  const Api& api = *method.api;
  if (!api.events.empty()) {
    out.Print("constexpr ApiEvent kEvents$place$[] = {\n", {{"place", place}});
    for (const ApiEvent& event : api.events) {
      out.Print("    {$name$, $field$, /*ends_stream=*/$ends_stream$},\n",
                {{"name", StringLiteral(event.name)},
                 {"field", std::to_string(event.field)},
                 {"ends_stream", event.ends_stream ? "true" : "false"}});
    }
    out.Print("};\n");
  }
  out.Print(
      "// $full_name$\n"
      "constexpr ApiMethod kMethod$place$ = {\n"
      "    .request = &ApiPrototype<$request$>,\n",
      {{"full_name", method.full_name}, {"place", place}, {"request", method.request_type}});
  PrintText("verb", api.verb, out);
  PrintText("path", api.path, out);
  PrintText("body", api.body, out);
  PrintText("when", api.when, out);
  PrintText("done", api.done, out);
  PrintText("event", api.event, out);
  PrintText("name_in", api.name_in, out);
  out.Print(
      "    .events = $events$,\n"
      "    .errors = &kErrors$service$,\n"
      "};\n",
      {{"events", api.events.empty() ? "{}" : "kEvents" + place},
       {"service", std::to_string(service)}});
}

}  // namespace

void PrintApis(const File& file, CodeWriter& out) {
  if (std::none_of(file.services.begin(), file.services.end(), HasApi)) return;
  out.Print("namespace runnel::generated_api {\nnamespace {\n\n");
  for (size_t i = 0; i < file.services.size(); ++i) {
    const Service& service = file.services[i];
    bool errors = false;
    for (size_t j = 0; j < service.methods.size(); ++j) {
      const Method& method = service.methods[j];
      if (!method.api) continue;
      if (!errors) PrintErrors(method.api->errors, i, out);
      errors = true;
      PrintApi(method, i, Place(i, j), out);
    }
  }
  out.Print("\n}  // namespace\n}  // namespace runnel::generated_api\n\n");
}

std::string ApiTable(size_t service, size_t method) {
  return "&::runnel::generated_api::kMethod" + Place(service, method);
}

}  // namespace runnel::codegen
