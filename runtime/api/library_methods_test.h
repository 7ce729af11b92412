// The methods of codegen/testdata/api/v1/library.proto as generated code describes them.

#ifndef RUNNEL_RUNTIME_API_LIBRARY_METHODS_TEST_H_
#define RUNNEL_RUNTIME_API_LIBRARY_METHODS_TEST_H_

#include <cstdlib>
#include <string_view>

#include "api/v1/library.runnel.h"
#include "runtime/api/api_method.h"

namespace runnel {

// By the name of the method: "GetBook".
inline const ApiMethod& LibraryMethod(std::string_view name) {
  static api::v1::Library::Service library;
  static api::v1::Lines::Service lines;
  for (Service* service : {static_cast<Service*>(&library), static_cast<Service*>(&lines)}) {
    for (const ServerMethod& method : service->runnel_methods()) {
      const std::string_view path = method.info->path;
      if (path.substr(path.rfind('/') + 1) == name) return *method.info->api;
    }
  }
  std::abort();
}

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_API_LIBRARY_METHODS_TEST_H_
