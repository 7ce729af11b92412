#include "codegen/cpp/comments_emitter.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "codegen/cpp/string_literal.h"

namespace runnel::codegen {
namespace {

// Of the text, not of the literal: most bytes are letters.
constexpr size_t kBytesOfLine = 80;

void PrintText(std::string_view text, CodeWriter& out) {
  while (!text.empty()) {
    const size_t size = std::min(text.size(), kBytesOfLine);
    out.Print("\n     $line$", {{"line", StringLiteral(text.substr(0, size))}});
    text.remove_prefix(size);
  }
}

}  // namespace

void PrintFileComments(const std::vector<FileComments>& comments, CodeWriter& out) {
  if (comments.empty()) return;
  out.Print(
      "\n// What the .proto files say of these services and of what they send.\n"
      "namespace runnel::generated_comments {\n"
      "namespace {\n\n");
  for (size_t i = 0; i < comments.size(); ++i) {
    out.Print("const FileComments comments$index$(\n    $path$,\n    {",
              {{"index", std::to_string(i)}, {"path", StringLiteral(comments[i].path)}});
    PrintText(comments[i].source_code_info, out);
    out.Print(",\n     $size$});\n",
              {{"size", std::to_string(comments[i].source_code_info.size())}});
  }
  out.Print("\n}  // namespace\n}  // namespace runnel::generated_comments\n");
}

}  // namespace runnel::codegen
