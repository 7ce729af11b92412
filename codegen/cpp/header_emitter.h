// EmitHeader writes x.runnel.h: the classes of each service.

#ifndef RUNNEL_CODEGEN_CPP_HEADER_EMITTER_H_
#define RUNNEL_CODEGEN_CPP_HEADER_EMITTER_H_

#include <string>

#include "codegen/model/file.h"

namespace runnel::codegen {

std::string EmitHeader(const File& file);

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_CPP_HEADER_EMITTER_H_
