// ReadFile turns protobuf's descriptors into the model. The only code that reads descriptors.

#ifndef RUNNEL_CODEGEN_MODEL_DESCRIPTOR_READER_H_
#define RUNNEL_CODEGEN_MODEL_DESCRIPTOR_READER_H_

#include "absl/status/statusor.h"
#include "codegen/model/file.h"

namespace google::protobuf {
class FileDescriptor;
}

namespace runnel::codegen {

// INVALID_ARGUMENT for what has no form in C++; says which name it is and what to do.
absl::StatusOr<File> ReadFile(const google::protobuf::FileDescriptor& file);

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_MODEL_DESCRIPTOR_READER_H_
