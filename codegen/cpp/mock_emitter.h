// EmitMock writes x.runnel_mock.h: for each service a GoogleMock class of its StubInterface.

#ifndef RUNNEL_CODEGEN_CPP_MOCK_EMITTER_H_
#define RUNNEL_CODEGEN_CPP_MOCK_EMITTER_H_

#include <string>

#include "codegen/model/file.h"

namespace runnel::codegen {

std::string EmitMock(const File& file);

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_CPP_MOCK_EMITTER_H_
