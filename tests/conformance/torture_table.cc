#include "tests/conformance/torture_table.h"

#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"

namespace conformance {

using runnel::AbslView;
using runnel::StdView;

namespace {

constexpr size_t kMaxRepeated = 64 * 1024 * 1024;

// "*3{b}...", after the backslash: appends what it stands for, and returns how long it is.
absl::StatusOr<size_t> Repeat(std::string_view text, std::string& out) {
  const size_t open = text.find('{');
  const size_t close = text.find('}');
  size_t times = 0;
  if (open == text.npos || close == text.npos || close < open ||
      !absl::SimpleAtoi(AbslView(text.substr(1, open - 1)), &times)) {
    return absl::InvalidArgumentError("a repetition is written \\*TIMES{TEXT}");
  }
  RUNNEL_ASSIGN_OR_RETURN(const std::string repeated,
                          Unescape(text.substr(open + 1, close - open - 1)));
  if (times * repeated.size() > kMaxRepeated) {
    return absl::InvalidArgumentError("a repetition of more than 64 MiB");
  }
  for (size_t i = 0; i < times; ++i) out += repeated;
  return close + 1;
}

absl::StatusOr<TortureStep> ParseResponse(std::string_view text) {
  TortureStep step{TortureStep::Kind::kResponse, "", {}};
  const size_t space = text.find(' ');
  for (absl::string_view status : absl::StrSplit(AbslView(text.substr(0, space)), '|')) {
    int number = 0;
    if (!absl::SimpleAtoi(status, &number)) {
      return absl::InvalidArgumentError("an answer is written < STATUS[|STATUS…] [TEXT]");
    }
    step.statuses.insert(number);
  }
  if (space != text.npos) step.text = text.substr(space + 1);
  return step;
}

absl::StatusOr<TortureStep> ParseStep(std::string_view line) {
  using Kind = TortureStep::Kind;
  if (line.starts_with("> ")) {
    RUNNEL_ASSIGN_OR_RETURN(std::string bytes, Unescape(line.substr(2)));
    return TortureStep{Kind::kSend, std::move(bytes), {}};
  }
  if (line.starts_with("< ")) return ParseResponse(line.substr(2));
  const std::map<std::string_view, Kind> words = {{"pause", Kind::kPause},
                                                  {"end", Kind::kEnd},
                                                  {"closed", Kind::kClosed},
                                                  {"open", Kind::kOpen},
                                                  {"leave", Kind::kLeave}};
  const auto found = words.find(line);
  if (found == words.end()) {
    return absl::InvalidArgumentError(
        "expected \"case NAME\", \"> BYTES\", \"< STATUS\", pause, end, closed, open or leave");
  }
  return TortureStep{found->second, "", {}};
}

bool EndsCase(const TortureCase& one) {
  if (one.steps.empty()) return false;
  const TortureStep::Kind last = one.steps.back().kind;
  return last == TortureStep::Kind::kClosed || last == TortureStep::Kind::kOpen ||
         last == TortureStep::Kind::kLeave;
}

absl::Status At(int line, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", AbslView(what)));
}

}  // namespace

absl::StatusOr<std::string> Unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const std::string_view rest = text.substr(i + 1);
    constexpr std::string_view kNames = "rnt0\\";
    constexpr std::string_view kBytes("\r\n\t\0\\", 5);
    if (rest.empty()) return absl::InvalidArgumentError("a lone backslash at the end");
    if (const size_t name = kNames.find(rest[0]); name != kNames.npos) {
      out += kBytes[name];
      i += 1;
    } else if (rest[0] == 'x' && rest.size() >= 3 &&
               absl::ascii_isxdigit(static_cast<unsigned char>(rest[1])) &&
               absl::ascii_isxdigit(static_cast<unsigned char>(rest[2]))) {
      out += absl::HexStringToBytes(AbslView(rest.substr(1, 2)));
      i += 3;
    } else if (rest[0] == '*') {
      RUNNEL_ASSIGN_OR_RETURN(const size_t size, Repeat(rest, out));
      i += size;
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("no such escape: \\", AbslView(rest.substr(0, 1))));
    }
  }
  return out;
}

absl::StatusOr<std::vector<TortureCase>> ParseTortureTable(std::string_view text) {
  std::vector<TortureCase> cases;
  std::set<std::string> names;
  int number = 0;
  for (absl::string_view raw : absl::StrSplit(AbslView(text), '\n')) {
    ++number;
    const std::string_view line = StdView(raw);
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with("case ")) {
      if (!cases.empty() && !EndsCase(cases.back())) {
        return At(cases.back().line, "the case ends with neither closed, open nor leave");
      }
      cases.push_back({std::string(line.substr(5)), number, {}});
      if (!names.insert(cases.back().name).second)
        return At(number, "the second case of this name");
      continue;
    }
    if (cases.empty()) return At(number, "a case begins with \"case NAME\"");
    absl::StatusOr<TortureStep> step = ParseStep(line);
    if (!step.ok()) return At(number, StdView(step.status().message()));
    std::vector<TortureStep>& steps = cases.back().steps;
    // Lines that follow one another are one piece.
    if (step->kind == TortureStep::Kind::kSend && !steps.empty() &&
        steps.back().kind == TortureStep::Kind::kSend) {
      steps.back().text += step->text;
    } else {
      steps.push_back(*std::move(step));
    }
  }
  if (!cases.empty() && !EndsCase(cases.back())) {
    return At(cases.back().line, "the case ends with neither closed, open nor leave");
  }
  return cases;
}

}  // namespace conformance
