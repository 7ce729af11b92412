#include "codegen/cpp/mock_emitter.h"

#include <string>
#include <utility>

#include "codegen/cpp/code_writer.h"
#include "codegen/cpp/file_frame.h"
#include "codegen/cpp/method_types.h"

namespace runnel::codegen {
namespace {

void PrintMock(const Service& service, CodeWriter& out) {
  CodeWriter::Values values = {{"mock", service.mock_name}, {"service", service.cpp_name}};
  out.Print(
      "\n// For tests of what calls $service$.\n"
      "class $mock$ : public $service$::StubInterface {\n"
      " public:\n",
      values);
  for (const Method& method : service.methods) {
    out.Print(
        "  MOCK_METHOD(($stub_return$), $name$,\n"
        "              ($stub_types$), (override));\n",
        MethodValues(method));
  }
  out.Print("};\n");
}

}  // namespace

std::string EmitMock(const File& file) {
  CodeWriter out;
  PrintBanner(file, out);
  PrintGuardBegin(file, "runnel_mock.h", out);
  out.Print(
      "#include \"gmock/gmock.h\"\n"
      "#include \"$stem$.runnel.h\"\n\n",
      {{"stem", file.stem}});
  if (file.names_deprecated) PrintQuietBegin(out);
  PrintNamespaceBegin(file, out);
  for (const Service& service : file.services) PrintMock(service, out);
  PrintNamespaceEnd(file, out);
  if (file.names_deprecated) PrintQuietEnd(out);
  PrintGuardEnd(file, "runnel_mock.h", out);
  return std::move(out).Take();
}

}  // namespace runnel::codegen
