#include "codegen/model/cpp_names.h"

#include <algorithm>
#include <iterator>

namespace runnel::codegen {
namespace {

// Both lists are sorted.
constexpr std::string_view kWords[] = {
    "EOF",           "NULL",        "alignas",   "alignof",      "and",       "and_eq",
    "asm",           "auto",        "bitand",    "bitor",        "bool",      "break",
    "case",          "catch",       "char",      "char16_t",     "char32_t",  "char8_t",
    "class",         "co_await",    "co_return", "co_yield",     "compl",     "concept",
    "const",         "const_cast",  "consteval", "constexpr",    "constinit", "continue",
    "decltype",      "default",     "delete",    "do",           "double",    "dynamic_cast",
    "else",          "enum",        "errno",     "explicit",     "export",    "extern",
    "false",         "float",       "for",       "friend",       "goto",      "if",
    "inline",        "int",         "long",      "mutable",      "namespace", "new",
    "noexcept",      "not",         "not_eq",    "nullptr",      "operator",  "or",
    "or_eq",         "private",     "protected", "public",       "register",  "reinterpret_cast",
    "requires",      "return",      "short",     "signed",       "sizeof",    "static",
    "static_assert", "static_cast", "stderr",    "stdin",        "stdout",    "struct",
    "switch",        "template",    "this",      "thread_local", "throw",     "true",
    "try",           "typedef",     "typeid",    "typename",     "union",     "unsigned",
    "using",         "virtual",     "void",      "volatile",     "wchar_t",   "while",
    "xor",           "xor_eq",
};

constexpr std::string_view kCallableMacros[] = {
    "FAIL",     "SUCCEED", "TEST",   "TEST_F",  "TEST_P", "assert",
    "offsetof", "setjmp",  "va_arg", "va_copy", "va_end", "va_start",
};

}  // namespace

bool IsCppWord(std::string_view name) {
  return std::binary_search(std::begin(kWords), std::end(kWords), name);
}

bool IsCallableMacro(std::string_view name) {
  return std::binary_search(std::begin(kCallableMacros), std::end(kCallableMacros), name);
}

std::vector<std::string> ChooseNames(const std::vector<std::string>& names,
                                     const std::function<bool(std::string_view)>& reserved,
                                     std::set<std::string, std::less<>>& taken) {
  std::vector<std::string> chosen = names;
  std::vector<size_t> changed;
  for (size_t i = 0; i < names.size(); ++i) {
    if (reserved(names[i]) || taken.count(names[i]) != 0) {
      changed.push_back(i);
    } else {
      taken.insert(names[i]);
    }
  }
  for (size_t i : changed) {
    std::string& name = chosen[i];
    while (reserved(name) || taken.count(name) != 0) name += '_';
    taken.insert(name);
  }
  return chosen;
}

}  // namespace runnel::codegen
