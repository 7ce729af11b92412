// The C++ types of a method, as its call kind makes them.

#ifndef RUNNEL_CODEGEN_CPP_METHOD_TYPES_H_
#define RUNNEL_CODEGEN_CPP_METHOD_TYPES_H_

#include <string>

#include "codegen/cpp/code_writer.h"
#include "codegen/model/file.h"

namespace runnel::codegen {

// For templates:
//   name            the C++ name of the method
//   full_name, path as the model has them
//   request, response   message types
//   handler_return  what the service's member function returns
//   handler_types   its parameters without names; `handler_parameters` with names, laid out for
//                   a declaration in a class in a class
//   stub_return     what the stub's member function returns
//   stub_types      its parameters' types; `stub_parameters` with names
CodeWriter::Values MethodValues(const Method& method);

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_CPP_METHOD_TYPES_H_
