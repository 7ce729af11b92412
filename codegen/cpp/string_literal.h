// Texts of a .proto as literals of other languages.

#ifndef RUNNEL_CODEGEN_CPP_STRING_LITERAL_H_
#define RUNNEL_CODEGEN_CPP_STRING_LITERAL_H_

#include <string>
#include <string_view>

namespace runnel::codegen {

// A C++ string literal, with its quotation marks.
std::string StringLiteral(std::string_view text);

// A JSON string, with its quotation marks; escaped as runtime/json does.
std::string JsonString(std::string_view text);

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_CPP_STRING_LITERAL_H_
