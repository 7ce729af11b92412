// PrintFileComments writes the comments of .proto files for programs that show them.

#ifndef RUNNEL_CODEGEN_CPP_COMMENTS_EMITTER_H_
#define RUNNEL_CODEGEN_CPP_COMMENTS_EMITTER_H_

#include <vector>

#include "codegen/cpp/code_writer.h"
#include "codegen/model/file_comments.h"

namespace runnel::codegen {

void PrintFileComments(const std::vector<FileComments>& comments, CodeWriter& out);

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_CPP_COMMENTS_EMITTER_H_
