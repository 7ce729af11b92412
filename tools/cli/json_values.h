// JsonValues cuts a text that arrives in pieces into its JSON values: JSON lines, or values that
// stand over several lines.

#ifndef TOOLS_CLI_JSON_VALUES_H_
#define TOOLS_CLI_JSON_VALUES_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace runnel::cli {

class JsonValues {
 public:
  // `origin` names the text in errors: "requests.json".
  explicit JsonValues(std::string origin) : origin_(std::move(origin)) {}

  void Feed(std::string_view bytes);
  void End() { ended_ = true; }

  // The next whole object or array; nullopt when more has to be fed, or all is said. What stands
  // between values, or is left at the end, is INVALID_ARGUMENT. What is within is not looked at.
  absl::StatusOr<std::optional<std::string>> Next();

  // "requests.json, line 3": where the last value began.
  std::string Place() const;

 private:
  const std::string origin_;
  std::string text_;
  size_t position_ = 0;  // behind what has been looked at
  size_t begin_ = 0;     // of the value that is under way, or that comes next
  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool ended_ = false;
  size_t line_ = 1;
  size_t begin_line_ = 1;
};

}  // namespace runnel::cli

#endif  // TOOLS_CLI_JSON_VALUES_H_
