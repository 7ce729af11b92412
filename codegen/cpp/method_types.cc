#include "codegen/cpp/method_types.h"

#include <string>

namespace runnel::codegen {

CodeWriter::Values MethodValues(const Method& method) {
  const std::string& request = method.request_type;
  const std::string& response = method.response_type;
  const std::string awaited_response = "::runnel::Awaitable<::absl::StatusOr<" + response + ">>";
  const std::string awaited_status = "::runnel::Awaitable<::absl::Status>";
  const std::string context = "::runnel::ServerContext&";
  const std::string one = "const " + request + "&";
  const std::string reader = "::runnel::Reader<" + request + ">&";
  const std::string writer = "::runnel::Writer<" + response + ">&";
  const std::string options = "::runnel::CallOptions";

  CodeWriter::Values values = {
      {"name", method.cpp_name}, {"full_name", method.full_name}, {"path", method.path},
      {"request", request},      {"response", response},
  };
  auto set = [&values](std::string handler_return, std::string handler_types,
                       std::string handler_parameters, std::string stub_return) {
    values["handler_return"] = std::move(handler_return);
    values["handler_types"] = std::move(handler_types);
    values["handler_parameters"] = std::move(handler_parameters);
    values["stub_return"] = std::move(stub_return);
  };
  switch (method.kind) {
    case CallKind::kUnary:
      set(awaited_response, context + ", " + one, context + " context, " + one + " request",
          awaited_response);
      break;
    case CallKind::kServerStream:
      set(awaited_status, context + ", " + one + ", " + writer,
          context + " context, " + one + " request,\n        " + writer + " writer",
          "::runnel::ClientReader<" + response + ">");
      break;
    case CallKind::kClientStream:
      set(awaited_response, context + ", " + reader, context + " context, " + reader + " reader",
          "::runnel::ClientWriter<" + request + ", " + response + ">");
      break;
    case CallKind::kBidi:
      set(awaited_status, context + ", " + reader + ", " + writer,
          context + " context, " + reader + " reader,\n        " + writer + " writer",
          "::runnel::ClientStream<" + request + ", " + response + ">");
      break;
  }
  bool streams_up = method.kind == CallKind::kClientStream || method.kind == CallKind::kBidi;
  values["stub_types"] = streams_up ? options : request + ", " + options;
  values["stub_parameters"] =
      streams_up ? options + " options" : request + " request, " + options + " options";
  return values;
}

}  // namespace runnel::codegen
