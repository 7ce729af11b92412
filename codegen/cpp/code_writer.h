// CodeWriter collects the text of one generated file. Templates are protobuf's: `$name$` is
// replaced, `$$` is a dollar.

#ifndef RUNNEL_CODEGEN_CPP_CODE_WRITER_H_
#define RUNNEL_CODEGEN_CPP_CODE_WRITER_H_

#include <google/protobuf/io/printer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <map>
#include <optional>
#include <string>

#include "codegen/model/file.h"

namespace runnel::codegen {

class CodeWriter {
 public:
  using Values = std::map<std::string, std::string>;

  CodeWriter() : stream_(&text_), printer_(std::in_place, &stream_, '$') {}

  void Print(const char* text, const Values& values = {}) { printer_->Print(values, text); }
  void Indent() { printer_->Indent(); }
  void Outdent() { printer_->Outdent(); }

  void PrintComment(const Comment& comment) {
    for (const std::string& line : comment) printer_->Print({{"line", line}}, "//$line$\n");
  }

  // Ends the writing.
  std::string Take() && {
    printer_.reset();
    return std::move(text_);
  }

 private:
  std::string text_;
  google::protobuf::io::StringOutputStream stream_;
  std::optional<google::protobuf::io::Printer> printer_;
};

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_CPP_CODE_WRITER_H_
