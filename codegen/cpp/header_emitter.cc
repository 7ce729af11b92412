#include "codegen/cpp/header_emitter.h"

#include <string>
#include <utility>

#include "codegen/cpp/code_writer.h"
#include "codegen/cpp/file_frame.h"
#include "codegen/cpp/method_types.h"

namespace runnel::codegen {
namespace {

// Names in generated code are fully qualified, from "::" on, so that no package, message or
// method of the .proto can hide them.

void PrintIncludes(const File& file, CodeWriter& out) {
  if (!file.services.empty()) {
    out.Print(
        "#include <memory>\n"
        "#include <string_view>\n"
        "#include <vector>\n\n");
  }
  out.Print(
      "#include \"runnel/codegen_support.h\"\n"
      "#include \"$stem$.pb.h\"\n\n"
      "#if !defined(RUNNEL_CODEGEN_VERSION) || RUNNEL_CODEGEN_VERSION != $version$\n"
      "#error \"This file was generated for version $version$ of Runnel's runtime interface, and "
      "this runtime has another: generate it again with the protoc-gen-runnel that belongs to the "
      "runtime.\"\n"
      "#endif\n\n",
      {{"stem", file.stem}, {"version", kRuntimeInterface}});
}

void PrintServiceBase(const Service& service, CodeWriter& out) {
  out.Print(
      "// Derive from it and override what you serve; the rest answers UNIMPLEMENTED.\n"
      "class Service : public ::runnel::Service {\n"
      " public:\n");
  out.Indent();
  for (const Method& method : service.methods) {
    out.PrintComment(method.comment);
    out.Print(
        "virtual $handler_return$ $name$(\n"
        "    $handler_parameters$);\n",
        MethodValues(method));
  }
  out.Print("::std::vector<::runnel::ServerMethod> runnel_methods() final;\n");
  out.Outdent();
  out.Print("};\n");
}

void PrintStubMethods(const Service& service, bool interface, CodeWriter& out) {
  for (const Method& method : service.methods) {
    if (interface) out.PrintComment(method.comment);
    CodeWriter::Values values = MethodValues(method);
    values["deprecated"] = method.deprecated ? "[[deprecated]] " : "";
    values["virtual"] = interface ? "virtual " : "";
    values["end"] = interface ? " = 0" : " override";
    // Not `= {}`: within a co_await, g++ 12 moves what braces make of an aggregate byte by
    // byte, and its strings then free memory that is not theirs.
    out.Print(
        "$deprecated$$virtual$$stub_return$ $name$(\n"
        "    $stub_parameters$ = ::runnel::CallOptions())$end$;\n",
        values);
  }
}

// [[deprecated]] speaks to callers: a server that still has to serve a method cannot do
// anything about it.
void PrintStubs(const Service& service, CodeWriter& out) {
  CodeWriter::Values values = {{"deprecated", service.deprecated ? "[[deprecated]] " : ""}};
  out.Print(
      "// What a client calls. Thread-safe; a fake may derive from it too.\n"
      "class $deprecated$StubInterface {\n"
      " public:\n"
      "  virtual ~StubInterface() = default;\n",
      values);
  out.Indent();
  PrintStubMethods(service, /*interface=*/true, out);
  out.Outdent();
  out.Print(
      "};\n\n"
      "class $deprecated$Stub final : public StubInterface {\n"
      " public:\n"
      "  explicit Stub(::std::shared_ptr<::runnel::ChannelInterface> channel);\n",
      values);
  out.Indent();
  PrintStubMethods(service, /*interface=*/false, out);
  out.Outdent();
  out.Print(
      "\n private:\n"
      "  ::std::shared_ptr<::runnel::ChannelInterface> runnel_channel_;\n"
      "};\n");
}

void PrintService(const Service& service, CodeWriter& out) {
  CodeWriter::Values values = {{"name", service.cpp_name},
                               {"full_name", service.full_name},
                               {"count", std::to_string(service.methods.size())}};
  out.Print("\n");
  out.PrintComment(service.comment);
  out.Print(
      "class $name$ final {\n"
      " public:\n"
      "  static constexpr ::std::string_view service_full_name() { return \"$full_name$\"; }\n\n",
      values);
  out.Indent();
  PrintServiceBase(service, out);
  out.Print("\n");
  PrintStubs(service, out);
  out.Outdent();
  if (!service.methods.empty()) {
    out.Print(
        "\n private:\n"
        "  static const ::runnel::MethodInfo kRunnelMethods[$count$];\n",
        values);
  }
  out.Print("};\n");
}

}  // namespace

std::string EmitHeader(const File& file) {
  CodeWriter out;
  PrintBanner(file, out);
  PrintGuardBegin(file, "runnel.h", out);
  PrintIncludes(file, out);
  if (file.names_deprecated) PrintQuietBegin(out);
  PrintNamespaceBegin(file, out);
  for (const Service& service : file.services) PrintService(service, out);
  PrintNamespaceEnd(file, out);
  if (file.names_deprecated) PrintQuietEnd(out);
  PrintGuardEnd(file, "runnel.h", out);
  return std::move(out).Take();
}

}  // namespace runnel::codegen
