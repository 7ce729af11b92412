#include "codegen/model/file_comments.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace runnel::codegen {
namespace {

namespace pb = google::protobuf;

// The files of a message and of all that is in it.
void AddFiles(const pb::Descriptor& type, std::set<const pb::Descriptor*>& seen,
              std::map<std::string, const pb::FileDescriptor*>& files) {
  if (!seen.insert(&type).second) return;
  files.emplace(type.file()->name(), type.file());
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor& field = *type.field(i);
    if (field.message_type() != nullptr) AddFiles(*field.message_type(), seen, files);
    if (field.enum_type() != nullptr) {
      files.emplace(field.enum_type()->file()->name(), field.enum_type()->file());
    }
  }
}

// What stands before the syntax and the package is a license as a rule.
bool IsOfElement(const pb::SourceCodeInfo::Location& location) {
  if (location.path().empty()) return false;
  const int of = location.path(0);
  return of == pb::FileDescriptorProto::kMessageTypeFieldNumber ||
         of == pb::FileDescriptorProto::kEnumTypeFieldNumber ||
         of == pb::FileDescriptorProto::kServiceFieldNumber ||
         of == pb::FileDescriptorProto::kExtensionFieldNumber;
}

std::string CommentsOf(const pb::FileDescriptor& file) {
  pb::FileDescriptorProto all;
  file.CopySourceCodeInfoTo(&all);
  pb::SourceCodeInfo comments;
  for (const pb::SourceCodeInfo::Location& location : all.source_code_info().location()) {
    if (!IsOfElement(location)) continue;
    if (!location.has_leading_comments() && !location.has_trailing_comments()) continue;
    pb::SourceCodeInfo::Location& kept = *comments.add_location();
    kept = location;
    kept.clear_leading_detached_comments();
  }
  return comments.SerializeAsString();
}

}  // namespace

std::vector<FileComments> ReadComments(const pb::FileDescriptor& file) {
  std::map<std::string, const pb::FileDescriptor*> files;
  std::set<const pb::Descriptor*> seen;
  for (int i = 0; i < file.service_count(); ++i) {
    files.emplace(file.name(), &file);
    for (int j = 0; j < file.service(i)->method_count(); ++j) {
      AddFiles(*file.service(i)->method(j)->input_type(), seen, files);
      AddFiles(*file.service(i)->method(j)->output_type(), seen, files);
    }
  }
  std::vector<FileComments> comments;
  for (const auto& [path, one] : files) {
    if (one != &file && (one->service_count() > 0 || path.rfind("google/protobuf/", 0) == 0)) {
      continue;
    }
    std::string text = CommentsOf(*one);
    if (!text.empty()) comments.push_back({path, std::move(text)});
  }
  return comments;
}

}  // namespace runnel::codegen
