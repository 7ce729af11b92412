// EmitSource writes x.runnel.cc: one line or two for each method, the work is the runtime's; and
// the JSON of the messages that the methods send.

#ifndef RUNNEL_CODEGEN_CPP_SOURCE_EMITTER_H_
#define RUNNEL_CODEGEN_CPP_SOURCE_EMITTER_H_

#include <string>

#include "codegen/model/file.h"
#include "codegen/model/message.h"

namespace runnel::codegen {

std::string EmitSource(const File& file, const MessageSet& messages);

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_CPP_SOURCE_EMITTER_H_
