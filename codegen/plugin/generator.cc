#include "codegen/plugin/generator.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "codegen/cpp/header_emitter.h"
#include "codegen/cpp/mock_emitter.h"
#include "codegen/cpp/source_emitter.h"
#include "codegen/model/descriptor_reader.h"
#include "codegen/model/file_comments.h"
#include "codegen/model/message_reader.h"

namespace runnel::codegen {
namespace {

enum class Mock { kNone, kToo, kOnly };

absl::StatusOr<Mock> ReadParameter(const std::string& parameter) {
  std::vector<std::pair<std::string, std::string>> options;
  google::protobuf::compiler::ParseGeneratorParameter(parameter, &options);
  Mock mock = Mock::kNone;
  for (const auto& [name, value] : options) {
    if (name != "mock") {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown parameter \"", name, "\"; there is: mock (true, false, only)"));
    }
    if (value.empty() || value == "true") {
      mock = Mock::kToo;
    } else if (value == "only") {
      mock = Mock::kOnly;
    } else if (value == "false") {
      mock = Mock::kNone;
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("parameter mock is \"", value, "\"; it can be true, false or only"));
    }
  }
  return mock;
}

void WriteFile(const std::string& name, const std::string& text,
               google::protobuf::compiler::GeneratorContext& context) {
  std::unique_ptr<google::protobuf::io::ZeroCopyOutputStream> stream(context.Open(name));
  google::protobuf::io::CodedOutputStream(stream.get()).WriteString(text);
}

}  // namespace

bool Generator::Generate(const google::protobuf::FileDescriptor* descriptor,
                         const std::string& parameter,
                         google::protobuf::compiler::GeneratorContext* context,
                         std::string* error) const {
  absl::StatusOr<Mock> mock = ReadParameter(parameter);
  if (!mock.ok()) {
    *error = std::string(mock.status().message());
    return false;
  }
  absl::StatusOr<File> file = ReadFile(*descriptor);
  if (!file.ok()) {
    *error = std::string(file.status().message());
    return false;
  }
  if (*mock != Mock::kOnly) {
    WriteFile(file->stem + ".runnel.h", EmitHeader(*file), *context);
    WriteFile(file->stem + ".runnel.cc",
              EmitSource(*file, ReadMessages(*descriptor), ReadComments(*descriptor)), *context);
  }
  if (*mock != Mock::kNone) WriteFile(file->stem + ".runnel_mock.h", EmitMock(*file), *context);
  return true;
}

}  // namespace runnel::codegen
