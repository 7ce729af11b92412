// Which words C++ leaves for names, and how a name that is taken is changed.
//
// The rule, for services and methods: a name that C++ or the generated class needs for itself
// gets "_" appended until it is free. A name that needs no change always keeps it: of two methods
// `delete` and `delete_`, the second stays and the first becomes `delete__`.

#ifndef RUNNEL_CODEGEN_MODEL_CPP_NAMES_H_
#define RUNNEL_CODEGEN_MODEL_CPP_NAMES_H_

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace runnel::codegen {

// A keyword or alternative token of C++20, or a standard macro that a name can never be
// (`errno`). No namespace and no class can be called so.
bool IsCppWord(std::string_view name);

// A function-like macro of the standard library or of GoogleTest: cannot name a method.
bool IsCallableMacro(std::string_view name);

// The C++ names for `names`, in order, by the rule above. Adds them to `taken`.
std::vector<std::string> ChooseNames(const std::vector<std::string>& names,
                                     const std::function<bool(std::string_view)>& reserved,
                                     std::set<std::string, std::less<>>& taken);

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_MODEL_CPP_NAMES_H_
