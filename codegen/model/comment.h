// MakeComment prepares what somebody wrote in a .proto for "//" lines of C++.

#ifndef RUNNEL_CODEGEN_MODEL_COMMENT_H_
#define RUNNEL_CODEGEN_MODEL_COMMENT_H_

#include <string>

#include "codegen/model/file.h"

namespace runnel::codegen {

// The comment before an element and the one behind it, as lines. No line of the result
// can end its C++ comment early or carry it into the next line.
Comment MakeComment(const std::string& leading, const std::string& trailing);

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_MODEL_COMMENT_H_
