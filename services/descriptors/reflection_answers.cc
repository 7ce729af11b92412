#include "services/descriptors/reflection_answers.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "services/descriptors/served_files.h"

namespace runnel {
namespace {

namespace pb = google::protobuf;
namespace v1 = grpc::reflection::v1;

void SetError(absl::StatusCode code, std::string message, v1::ServerReflectionResponse& response) {
  v1::ErrorResponse& error = *response.mutable_error_response();
  error.set_error_code(static_cast<int>(code));
  error.set_error_message(std::move(message));
}

const pb::DescriptorPool& Pool() { return *pb::DescriptorPool::generated_pool(); }

const pb::FileDescriptor* FileOfExtension(const v1::ExtensionRequest& request) {
  const pb::Descriptor* type = Pool().FindMessageTypeByName(request.containing_type());
  if (type == nullptr) return nullptr;
  const pb::FieldDescriptor* extension =
      Pool().FindExtensionByNumber(type, request.extension_number());
  return extension == nullptr ? nullptr : extension->file();
}

}  // namespace

v1::ServerReflectionResponse ReflectionAnswers::Answer(const v1::ServerReflectionRequest& request) {
  Response response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case v1::ServerReflectionRequest::kFileByFilename:
      AddFile(Pool().FindFileByName(request.file_by_filename()),
              absl::StrCat("file ", request.file_by_filename()), response);
      break;
    case v1::ServerReflectionRequest::kFileContainingSymbol:
      AddFile(Pool().FindFileContainingSymbol(request.file_containing_symbol()),
              absl::StrCat("symbol ", request.file_containing_symbol()), response);
      break;
    case v1::ServerReflectionRequest::kFileContainingExtension: {
      const v1::ExtensionRequest& extension = request.file_containing_extension();
      AddFile(FileOfExtension(extension),
              absl::StrCat("extension ", extension.extension_number(), " of ",
                           extension.containing_type()),
              response);
      break;
    }
    case v1::ServerReflectionRequest::kAllExtensionNumbersOfType:
      AddExtensionNumbers(request.all_extension_numbers_of_type(), response);
      break;
    case v1::ServerReflectionRequest::kListServices:
      for (const std::string& name : services_) {
        response.mutable_list_services_response()->add_service()->set_name(name);
      }
      break;
    case v1::ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      SetError(absl::StatusCode::kInvalidArgument, "the request asks for nothing", response);
      break;
  }
  return response;
}

void ReflectionAnswers::AddFile(const pb::FileDescriptor* file, const std::string& asked_for,
                                Response& response) {
  if (file == nullptr) {
    SetError(absl::StatusCode::kNotFound, absl::StrCat("there is no ", asked_for), response);
    return;
  }
  sent_.insert(file);
  response.mutable_file_descriptor_response()->add_file_descriptor_proto(
      DescribeFile(*file).SerializeAsString());
  AddImports(*file, response);
}

void ReflectionAnswers::AddImports(const pb::FileDescriptor& file, Response& response) {
  for (int i = 0; i < file.dependency_count(); ++i) {
    const pb::FileDescriptor& import = *file.dependency(i);
    if (!sent_.insert(&import).second) continue;
    response.mutable_file_descriptor_response()->add_file_descriptor_proto(
        DescribeFile(import).SerializeAsString());
    AddImports(import, response);
  }
}

void ReflectionAnswers::AddExtensionNumbers(const std::string& type, Response& response) {
  const pb::Descriptor* extended = Pool().FindMessageTypeByName(type);
  if (extended == nullptr) {
    SetError(absl::StatusCode::kNotFound, absl::StrCat("there is no message ", type), response);
    return;
  }
  v1::ExtensionNumberResponse& numbers = *response.mutable_all_extension_numbers_response();
  numbers.set_base_type_name(type);
  std::vector<const pb::FieldDescriptor*> extensions;
  Pool().FindAllExtensions(extended, &extensions);
  for (const pb::FieldDescriptor* extension : extensions) {
    numbers.add_extension_number(extension->number());
  }
}

}  // namespace runnel
