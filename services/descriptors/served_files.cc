#include "services/descriptors/served_files.h"

#include <set>
#include <string_view>

#include "runnel/file_comments.h"

namespace runnel {
namespace {

namespace pb = google::protobuf;

void AddBehindImports(const pb::FileDescriptor& file, std::set<const pb::FileDescriptor*>& seen,
                      pb::FileDescriptorSet& set) {
  if (!seen.insert(&file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) {
    AddBehindImports(*file.dependency(i), seen, set);
  }
  *set.add_file() = DescribeFile(file);
}

}  // namespace

pb::FileDescriptorProto DescribeFile(const pb::FileDescriptor& file) {
  pb::FileDescriptorProto proto;
  file.CopyTo(&proto);
  file.CopyJsonNameTo(&proto);
  const std::string_view comments = FileComments::Of(file.name());
  if (!comments.empty()) {
    proto.mutable_source_code_info()->ParseFromArray(comments.data(),
                                                     static_cast<int>(comments.size()));
  }
  return proto;
}

pb::FileDescriptorSet FilesOf(const std::vector<std::string>& services) {
  pb::FileDescriptorSet set;
  std::set<const pb::FileDescriptor*> seen;
  for (const std::string& name : services) {
    const pb::ServiceDescriptor* service =
        pb::DescriptorPool::generated_pool()->FindServiceByName(name);
    if (service != nullptr) AddBehindImports(*service->file(), seen, set);
  }
  return set;
}

}  // namespace runnel
