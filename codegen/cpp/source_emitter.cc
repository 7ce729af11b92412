#include "codegen/cpp/source_emitter.h"

#include <string>
#include <utility>

#include "codegen/cpp/api_emitter.h"
#include "codegen/cpp/code_writer.h"
#include "codegen/cpp/comments_emitter.h"
#include "codegen/cpp/file_frame.h"
#include "codegen/cpp/json_emitter.h"
#include "codegen/cpp/method_types.h"

namespace runnel::codegen {
namespace {

const char* Name(CallKind kind) {
  switch (kind) {
    case CallKind::kUnary:
      return "kUnary";
    case CallKind::kServerStream:
      return "kServerStream";
    case CallKind::kClientStream:
      return "kClientStream";
    case CallKind::kBidi:
      break;
  }
  return "kBidi";
}

const char* Name(Idempotency idempotency) {
  switch (idempotency) {
    case Idempotency::kNoSideEffects:
      return "kNoSideEffects";
    case Idempotency::kIdempotent:
      return "kIdempotent";
    case Idempotency::kUnknown:
      break;
  }
  return "kUnknown";
}

void PrintMethodTable(const Service& service, size_t index, CodeWriter& out) {
  if (service.methods.empty()) return;
  out.Print("\nconstinit const ::runnel::MethodInfo $service$::kRunnelMethods[$count$] = {\n",
            {{"service", service.cpp_name}, {"count", std::to_string(service.methods.size())}});
  for (size_t i = 0; i < service.methods.size(); ++i) {
    const Method& method = service.methods[i];
    out.Print(
        "    {\"$path$\", ::runnel::CallKind::$kind$, ::runnel::Idempotency::$idempotency$,\n"
        "     /*resumable=*/$resumable$$api$},\n",
        {{"path", method.path},
         {"kind", Name(method.kind)},
         {"idempotency", Name(method.idempotency)},
         {"resumable", method.resumable ? "true" : "false"},
         {"api", method.api ? ", " + ApiTable(index, i) : ""}});
  }
  out.Print("};\n");
}

void PrintServiceBase(const Service& service, CodeWriter& out) {
  for (const Method& method : service.methods) {
    CodeWriter::Values values = MethodValues(method);
    values["service"] = service.cpp_name;
    out.Print(
        "\n$handler_return$ $service$::Service::$name$(\n"
        "    $handler_types$) {\n"
        "  co_return ::absl::UnimplementedError(\"$full_name$ is not implemented\");\n"
        "}\n",
        values);
  }
  out.Print("\n::std::vector<::runnel::ServerMethod> $service$::Service::runnel_methods() {\n",
            {{"service", service.cpp_name}});
  if (service.methods.empty()) {
    out.Print("  return {};\n");
  } else {
    out.Print("  return {\n");
    for (size_t i = 0; i < service.methods.size(); ++i) {
      out.Print("      ::runnel::BindMethod(this, kRunnelMethods[$index$], &Service::$name$),\n",
                {{"index", std::to_string(i)}, {"name", service.methods[i].cpp_name}});
    }
    out.Print("  };\n");
  }
  out.Print("}\n");
}

void PrintStub(const Service& service, CodeWriter& out) {
  out.Print(
      "\n$service$::Stub::Stub(::std::shared_ptr<::runnel::ChannelInterface> channel)\n"
      "    : runnel_channel_(::std::move(channel)) {}\n",
      {{"service", service.cpp_name}});
  for (size_t i = 0; i < service.methods.size(); ++i) {
    const Method& method = service.methods[i];
    CodeWriter::Values values = MethodValues(method);
    values["service"] = service.cpp_name;
    values["index"] = std::to_string(i);
    out.Print(
        "\n$stub_return$ $service$::Stub::$name$(\n"
        "    $stub_parameters$) {\n",
        values);
    switch (method.kind) {
      case CallKind::kUnary:
        out.Print(
            "  return ::runnel::UnaryCall<$response$>(\n"
            "      runnel_channel_, kRunnelMethods[$index$], ::std::move(request), "
            "::std::move(options));\n",
            values);
        break;
      case CallKind::kServerStream:
        out.Print(
            "  return {runnel_channel_, kRunnelMethods[$index$], ::std::move(request), "
            "::std::move(options)};\n",
            values);
        break;
      case CallKind::kClientStream:
      case CallKind::kBidi:
        out.Print("  return {runnel_channel_, kRunnelMethods[$index$], ::std::move(options)};\n",
                  values);
        break;
    }
    out.Print("}\n");
  }
}

}  // namespace

std::string EmitSource(const File& file, const MessageSet& messages,
                       const std::vector<FileComments>& comments) {
  const bool names_deprecated = file.names_deprecated || messages.names_deprecated;
  CodeWriter out;
  PrintBanner(file, out);
  out.Print("#include \"$stem$.runnel.h\"\n\n", {{"stem", file.stem}});
  if (!file.services.empty()) {
    out.Print(
        "#include <cstdint>\n"
        "#include <string>\n"
        "#include <utility>\n\n"
        "#include \"absl/status/status.h\"\n"
        "#include \"runnel/json_support.h\"\n\n");
  }
  if (names_deprecated) PrintQuietBegin(out);
  PrintApis(file, out);
  PrintNamespaceBegin(file, out);
  for (size_t i = 0; i < file.services.size(); ++i) {
    const Service& service = file.services[i];
    PrintMethodTable(service, i, out);
    PrintServiceBase(service, out);
    PrintStub(service, out);
  }
  PrintNamespaceEnd(file, out);
  PrintJson(messages, out);
  PrintFileComments(comments, out);
  if (names_deprecated) PrintQuietEnd(out);
  return std::move(out).Take();
}

}  // namespace runnel::codegen
