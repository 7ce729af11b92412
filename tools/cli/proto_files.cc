#include "tools/cli/proto_files.h"

#include <unistd.h>

#include <filesystem>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/compiler/importer.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor_database.h"

namespace runnel::cli {
namespace {

using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using google::protobuf::compiler::DiskSourceTree;

class Errors final : public google::protobuf::compiler::MultiFileErrorCollector {
 public:
  // Lines and columns count from 0; a line of -1 is the file as a whole.
  void AddError(const std::string& file, int line, int column,
                const std::string& message) override {
    absl::StrAppend(&text_, text_.empty() ? "" : "\n", file);
    if (line >= 0) absl::StrAppend(&text_, ":", line + 1, ":", column + 1);
    absl::StrAppend(&text_, ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Copies a file with all that it imports, those first. Names in it are whole then, and options are
// understood.
void Add(const FileDescriptor& file, std::set<const FileDescriptor*>& seen,
         FileDescriptorSet& set) {
  if (!seen.insert(&file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) Add(*file.dependency(i), seen, set);
  FileDescriptorProto& copy = *set.add_file();
  file.CopyTo(&copy);
  file.CopyJsonNameTo(&copy);
  file.CopySourceCodeInfoTo(&copy);
}

}  // namespace

absl::StatusOr<FileDescriptorSet> ParseProtoFiles(const std::vector<std::string>& files,
                                                  const std::vector<std::string>& directories) {
  DiskSourceTree tree;
  for (const std::string& directory : directories) tree.MapPath("", directory);
  if (directories.empty()) tree.MapPath("", ".");
  std::vector<std::string> names;
  for (const std::string& file : files) {
    std::string name, shadowing;
    switch (tree.DiskFileToVirtualFile(file, &name, &shadowing)) {
      case DiskSourceTree::SUCCESS:
        break;
      case DiskSourceTree::SHADOWED:
        return absl::InvalidArgumentError(
            absl::StrCat(file, " is hidden by ", shadowing, ": name its folder first, with -I"));
      case DiskSourceTree::CANNOT_OPEN:
        return absl::InvalidArgumentError(absl::StrCat("cannot read ", file));
      case DiskSourceTree::NO_MAPPING: {
        const std::filesystem::path path(file);
        if (access(file.c_str(), R_OK) == 0) {
          tree.MapPath("", path.has_parent_path() ? path.parent_path().string() : ".");
          name = path.filename().string();
        } else if (access(file.c_str(), F_OK) == 0) {
          return absl::InvalidArgumentError(absl::StrCat("cannot read ", file));
        } else {
          name = file;  // perhaps as an import says it
        }
      }
    }
    names.push_back(name);
  }
  Errors errors;
  google::protobuf::DescriptorPoolDatabase own(*google::protobuf::DescriptorPool::generated_pool());
  google::protobuf::compiler::SourceTreeDescriptorDatabase database(&tree, &own);
  database.RecordErrorsTo(&errors);
  google::protobuf::DescriptorPool pool(&database, database.GetValidationErrorCollector());
  FileDescriptorSet set;
  std::set<const FileDescriptor*> seen;
  for (const std::string& name : names) {
    const FileDescriptor* const file = pool.FindFileByName(name);
    if (file == nullptr || !errors.text().empty()) {
      const bool import = absl::StrContains(errors.text(), "not found or had errors");
      return absl::InvalidArgumentError(
          absl::StrCat(errors.text().empty() ? absl::StrCat("cannot read ", name) : errors.text(),
                       import ? "\nThe folder of files that are imported is named with -I" : ""));
    }
    Add(*file, seen, set);
  }
  return set;
}

}  // namespace runnel::cli
