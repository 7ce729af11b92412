// EmitSource writes x.runnel.cc: one line or two for each method, the work is the runtime's; and
// the JSON of the messages that the methods send, and the comments of the .proto.

#ifndef RUNNEL_CODEGEN_CPP_SOURCE_EMITTER_H_
#define RUNNEL_CODEGEN_CPP_SOURCE_EMITTER_H_

#include <string>
#include <vector>

#include "codegen/model/file.h"
#include "codegen/model/file_comments.h"
#include "codegen/model/message.h"

namespace runnel::codegen {

std::string EmitSource(const File& file, const MessageSet& messages,
                       const std::vector<FileComments>& comments);

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_CPP_SOURCE_EMITTER_H_
