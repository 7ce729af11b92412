// The text in the content of a message, as the APIs of the examples have it: a string, or a list of
// parts, of which some are text.

#ifndef SERVICES_EXAMPLES_MARKOV_PROMPT_TEXT_H_
#define SERVICES_EXAMPLES_MARKOV_PROMPT_TEXT_H_

#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/struct.pb.h"

namespace examples::markov {

// INVALID_ARGUMENT for what is neither.
inline absl::StatusOr<std::string> PromptText(const google::protobuf::Value& content) {
  if (content.kind_case() == google::protobuf::Value::kStringValue) return content.string_value();
  if (content.kind_case() != google::protobuf::Value::kListValue) {
    return absl::InvalidArgumentError("the content of a message is a string or a list of parts");
  }
  std::string text;
  for (const google::protobuf::Value& part : content.list_value().values()) {
    const auto& members = part.struct_value().fields();
    const auto type = members.find("type");
    const auto words = members.find("text");
    if (type == members.end() || type->second.string_value().empty()) {
      return absl::InvalidArgumentError("a part of a message's content has no type");
    }
    if (words != members.end()) text += words->second.string_value() + " ";
  }
  return text;
}

}  // namespace examples::markov

#endif  // SERVICES_EXAMPLES_MARKOV_PROMPT_TEXT_H_
