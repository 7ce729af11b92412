#include "codegen/model/api_path.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace runnel::codegen {
namespace {

absl::Status Wrong(std::string_view path, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("path \"", std::string(path), "\" ", what));
}

bool IsFieldPath(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.back() != '.' &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.'; });
}

// What a path has as it is (RFC 3986, pchar), without escapes.
bool IsLiteral(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("/-._~!$&'()*+,;=:@").find(c) != std::string_view::npos;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ReadApiPath(std::string_view path) {
  if (path.empty() || path.front() != '/') return Wrong(path, "does not begin with \"/\"");
  std::vector<std::string> fields;
  bool in_part = false;  // between the two "/" that we are between
  bool any = false;
  size_t i = 0;
  while (i < path.size()) {
    if (path[i] != '{') {
      if (!IsLiteral(path[i])) {
        return Wrong(path,
                     absl::StrCat("has a '", std::string(1, path[i]),
                                  "', which no path has as it is; a query is not part of it"));
      }
      if (path[i] == '/') in_part = false;
      ++i;
      continue;
    }
    const size_t end = path.find('}', i);
    if (end == path.npos) return Wrong(path, "has a \"{\" without \"}\"");
    std::string_view name = path.substr(i + 1, end - i - 1);
    const size_t equals = name.find('=');
    if (equals != name.npos) {
      if (name.substr(equals) != "=**") {
        return Wrong(path, absl::StrCat("has {", std::string(name),
                                        "}; a field in it is {field} or {field=**}"));
      }
      name = name.substr(0, equals);
      if (std::exchange(any, true)) return Wrong(path, "has two fields with =**; one can be told");
    }
    if (!IsFieldPath(name)) {
      return Wrong(path, absl::StrCat("has {", std::string(name), "}, which names no field"));
    }
    if (std::exchange(in_part, true)) {
      return Wrong(path, "has two fields without a \"/\" between them");
    }
    if (std::find(fields.begin(), fields.end(), name) != fields.end()) {
      return Wrong(path, absl::StrCat("has {", std::string(name), "} twice"));
    }
    fields.emplace_back(name);
    i = end + 1;
  }
  return fields;
}

std::string ShapeOfApiPath(std::string_view path) {
  std::string shape;
  while (!path.empty()) {
    const size_t open = path.find('{');
    shape.append(path.substr(0, open));
    if (open == path.npos) break;
    const size_t close = path.find('}', open);
    const bool any = path.substr(open, close - open).find('=') != path.npos;
    shape.append(any ? "{**}" : "{}");
    path.remove_prefix(close + 1);
  }
  return shape;
}

}  // namespace runnel::codegen
