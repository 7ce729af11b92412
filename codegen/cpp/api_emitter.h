// The tables of x.runnel.cc that say which HTTP APIs its methods describe (runtime/api).

#ifndef RUNNEL_CODEGEN_CPP_API_EMITTER_H_
#define RUNNEL_CODEGEN_CPP_API_EMITTER_H_

#include <string>

#include "codegen/cpp/code_writer.h"
#include "codegen/model/file.h"

namespace runnel::codegen {

// Nothing for services without such methods. With internal linkage, before the file's namespace.
void PrintApis(const File& file, CodeWriter& out);

// The table of a method that has one, as an expression.
std::string ApiTable(size_t service, size_t method);

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_CPP_API_EMITTER_H_
