// Runs the generator over .proto files that are texts of a test.

#ifndef RUNNEL_CODEGEN_PLUGIN_GENERATE_TEXT_TEST_H_
#define RUNNEL_CODEGEN_PLUGIN_GENERATE_TEXT_TEST_H_

#include <map>
#include <string>

namespace runnel::codegen {

using Files = std::map<std::string, std::string>;

struct Result {
  std::string error;
  Files files;
};

// Runs the generator over the file "x.proto" of `sources`. Files that are not among them are those
// that are linked in: runnel/v1/options.proto, and what it imports.
Result GenerateFiles(const Files& sources, const std::string& parameter = "");
// The same of one file.
Result GenerateText(const std::string& text, const std::string& parameter = "");

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_PLUGIN_GENERATE_TEXT_TEST_H_
