// EmitSource writes x.runnel.cc: one line or two for each method, the work is the runtime's.

#ifndef RUNNEL_CODEGEN_CPP_SOURCE_EMITTER_H_
#define RUNNEL_CODEGEN_CPP_SOURCE_EMITTER_H_

#include <string>

#include "codegen/model/file.h"

namespace runnel::codegen {

std::string EmitSource(const File& file);

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_CPP_SOURCE_EMITTER_H_
