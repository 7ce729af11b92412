// What stands around the contents of every generated file: banner, include guard, namespace.

#ifndef RUNNEL_CODEGEN_CPP_FILE_FRAME_H_
#define RUNNEL_CODEGEN_CPP_FILE_FRAME_H_

#include <string>

#include "codegen/cpp/code_writer.h"
#include "codegen/model/file.h"

namespace runnel::codegen {

// What generated code expects RUNNEL_CODEGEN_VERSION in runnel/codegen_support.h to be.
// Raised in both places when old generated code would no longer compile.
inline constexpr char kRuntimeInterface[] = "1";

void PrintBanner(const File& file, CodeWriter& out);

// `suffix` tells one file's guards apart: "runnel.h".
void PrintGuardBegin(const File& file, const std::string& suffix, CodeWriter& out);
void PrintGuardEnd(const File& file, const std::string& suffix, CodeWriter& out);

void PrintNamespaceBegin(const File& file, CodeWriter& out);
void PrintNamespaceEnd(const File& file, CodeWriter& out);

// Between the two, naming something deprecated is no warning: it is the .proto's word, and
// the reader of a build log cannot act on it here.
void PrintQuietBegin(CodeWriter& out);
void PrintQuietEnd(CodeWriter& out);

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_CPP_FILE_FRAME_H_
