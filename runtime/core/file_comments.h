// FileComments keeps what people wrote in a .proto beside its services, messages and fields.
// protobuf's generated code has the descriptors without it; each generated x.runnel.cc has an
// object of this class for its own file, and for the files that its messages come from.

#ifndef RUNNEL_RUNTIME_CORE_FILE_COMMENTS_H_
#define RUNNEL_RUNTIME_CORE_FILE_COMMENTS_H_

#include <string_view>

namespace runnel {

// Lives as long as the program, as do the texts. The same file twice is harmless.
class FileComments {
 public:
  // `source_code_info` is a serialized google.protobuf.SourceCodeInfo: the locations with comments.
  FileComments(std::string_view path, std::string_view source_code_info);
  FileComments(const FileComments&) = delete;
  FileComments& operator=(const FileComments&) = delete;

  // Those of a file, by the path it is imported under; empty where there are none.
  static std::string_view Of(std::string_view path);

 private:
  const std::string_view path_;
  const std::string_view source_code_info_;
  const FileComments* next_ = nullptr;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CORE_FILE_COMMENTS_H_
