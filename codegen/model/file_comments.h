// ReadComments takes from .proto files what people wrote beside their services and messages, for
// programs that show it: descriptors in generated code have lost it.

#ifndef RUNNEL_CODEGEN_MODEL_FILE_COMMENTS_H_
#define RUNNEL_CODEGEN_MODEL_FILE_COMMENTS_H_

#include <string>
#include <vector>

namespace google::protobuf {
class FileDescriptor;
}

namespace runnel::codegen {

struct FileComments {
  std::string path;              // "chat/v1/chat.proto"
  std::string source_code_info;  // serialized: the locations with comments, and no others
};

// Of a file with services, and of the files with messages they send that have no services and so no
// generated code that would be linked. Those of google/protobuf/ everybody knows. Sorted by path.
std::vector<FileComments> ReadComments(const google::protobuf::FileDescriptor& file);

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_MODEL_FILE_COMMENTS_H_
