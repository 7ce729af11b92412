#include "tests/conformance/expectation.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"

namespace conformance {
namespace {

// Enough to see what is wrong.
std::string Shown(const Json& json) {
  std::string text = json.dump();
  if (text.size() > 1000) text = absl::StrCat(text.substr(0, 1000), "… (", text.size(), " bytes)");
  return text;
}

absl::Status Differ(const std::string& where, const std::string& expected, const std::string& got) {
  return absl::FailedPreconditionError(absl::StrCat(
      where.empty() ? "" : absl::StrCat("at ", where, ": "), "expected ", expected, ", got ", got));
}

absl::StatusOr<std::string> ExpandText(const std::string& text, const Names& names) {
  std::string out;
  for (size_t at = 0;;) {
    const size_t open = text.find("${", at);
    out += text.substr(at, open - at);
    if (open == text.npos) return out;
    const size_t close = text.find('}', open);
    if (close == text.npos) return absl::InvalidArgumentError("${ without } in " + text);
    const std::string name = text.substr(open + 2, close - open - 2);
    auto found = names.find(name);
    if (found == names.end()) {
      return absl::InvalidArgumentError("nothing is called " + name + " yet");
    }
    out += found->second.is_string() ? found->second.get<std::string>() : found->second.dump();
    at = close + 1;
  }
}

absl::Status MatchAt(const Json& expected, const Json& got, bool exactly, const std::string& where,
                     Names& names) {
  if (expected.is_string()) {
    const std::string text = expected.get<std::string>();
    if (text == "$any") return absl::OkStatus();
    if (text.size() > 1 && text[0] == '$') {
      auto [name, first] = names.emplace(text.substr(1), got);
      if (first || name->second == got) return absl::OkStatus();
      return Differ(where, absl::StrCat(text, " = ", Shown(name->second)), Shown(got));
    }
  }
  if (expected.is_object() && got.is_object()) {
    for (const auto& [key, value] : expected.items()) {
      const std::string member = absl::StrCat(where, ".", key);
      if (value == "$optional") continue;
      if (!got.contains(key)) return Differ(member, Shown(value), "nothing in " + Shown(got));
      RUNNEL_RETURN_IF_ERROR(MatchAt(value, got[key], true, member, names));
    }
    if (!exactly) return absl::OkStatus();
    for (const auto& [key, value] : got.items()) {
      if (!expected.contains(key)) {
        return Differ(absl::StrCat(where, ".", key), "nothing", Shown(value));
      }
    }
    return absl::OkStatus();
  }
  if (expected.is_array() && got.is_array()) {
    if (expected.size() != got.size()) {
      return Differ(where, absl::StrCat(expected.size(), " elements, ", Shown(expected)),
                    absl::StrCat(got.size(), ", ", Shown(got)));
    }
    for (size_t i = 0; i < expected.size(); ++i) {
      RUNNEL_RETURN_IF_ERROR(
          MatchAt(expected[i], got[i], true, absl::StrCat(where, "[", i, "]"), names));
    }
    return absl::OkStatus();
  }
  if (expected == got) return absl::OkStatus();
  return Differ(where, Shown(expected), Shown(got));
}

absl::Status MatchExpanded(const Json& expected, const Json& got, bool exactly, Names& names) {
  RUNNEL_ASSIGN_OR_RETURN(const Json expanded, Expand(expected, names));
  return MatchAt(expanded, got, exactly, "", names);
}

}  // namespace

absl::StatusOr<Json> Expand(const Json& json, const Names& names) {
  if (json.is_string()) {
    RUNNEL_ASSIGN_OR_RETURN(std::string text, ExpandText(json.get<std::string>(), names));
    return Json(std::move(text));
  }
  if (!json.is_structured()) return json;
  if (json.is_object() && json.contains("$repeat")) {
    std::string text;
    for (int i = 0; i < json.value("times", 0); ++i) text += json["$repeat"].get<std::string>();
    return Json(std::move(text));
  }
  Json expanded = json.is_array() ? Json::array() : Json::object();
  for (const auto& [key, value] : json.items()) {
    RUNNEL_ASSIGN_OR_RETURN(Json one, Expand(value, names));
    if (json.is_array()) {
      expanded.push_back(std::move(one));
    } else {
      expanded[key] = std::move(one);
    }
  }
  return expanded;
}

absl::Status Match(const Json& expected, const Json& got, Names& names) {
  return MatchExpanded(expected, got, true, names);
}

absl::Status MatchMembers(const Json& expected, const Json& got, Names& names) {
  return MatchExpanded(expected, got, false, names);
}

}  // namespace conformance
