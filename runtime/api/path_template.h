// PathTemplate is the path of an HTTP API with fields in it: "/v1/models/{model}:generate".

#ifndef RUNNEL_RUNTIME_API_PATH_TEMPLATE_H_
#define RUNNEL_RUNTIME_API_PATH_TEMPLATE_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace runnel {

// A value. {field} is a part of the path without "/", {field=**} one with any; neither is empty. At
// most one field between two "/", and at most one {field=**}: so matching takes linear time.
class PathTemplate {
 public:
  // Fields with their texts.
  using Values = std::vector<std::pair<std::string, std::string>>;

  // A template that the generator has accepted.
  explicit PathTemplate(std::string_view text);

  // The fields of `path`, which is as on the wire and without a query, unescaped; nullopt when it
  // is another path.
  std::optional<Values> Match(std::string_view path) const;

  // The fields in order, and the path that these texts for them, as many, make.
  const std::vector<std::string>& fields() const { return fields_; }
  std::string Fill(const std::vector<std::string>& texts) const;

 private:
  // What stands between two "/".
  struct Part {
    std::string prefix;
    std::string field;  // empty: there is none, and `prefix` is all
    std::string suffix;
    bool any = false;  // {field=**}
  };

  std::vector<Part> parts_;
  std::vector<std::string> fields_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_API_PATH_TEMPLATE_H_
