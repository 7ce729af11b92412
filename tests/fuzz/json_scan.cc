// The strict scan of JSON: it takes what nlohmann's reader takes, no more and no less, and the
// value of a string is the same.

#include "runtime/core/json_scan.h"

#include <string>
#include <string_view>
#include <vector>

#include "nlohmann/json.hpp"
#include "runtime/core/json_string.h"
#include "tests/fuzz/fuzzer.h"

namespace runnel::fuzz {
namespace {

using nlohmann::json;

void Check(std::string_view data) {
  constexpr int kDepth = 1000;
  const absl::Status scanned = ScanJson(data, kDepth);
  if (scanned.code() == absl::StatusCode::kResourceExhausted) return;
  Require(scanned.ok() || scanned.code() == absl::StatusCode::kInvalidArgument, "the other error");

  // nlohmann's skips a byte order mark, ends at a NUL, and refuses numbers that no double holds.
  if (data.starts_with("\xef\xbb\xbf")) return Require(!scanned.ok(), "a mark is no JSON");
  if (data.find('\0') != std::string_view::npos) return Require(!scanned.ok(), "a NUL is no JSON");
  json value;
  try {
    value = json::parse(data);
  } catch (const json::out_of_range&) {
    return;
  } catch (const json::parse_error&) {
    return Require(!scanned.ok(), "nlohmann's refuses it");
  }
  Require(scanned.ok(), "nlohmann's takes it");

  size_t position = 0;
  SkipJsonSpace(data, position);
  if (data[position] == '"') {
    const size_t start = position + 1;
    Require(SkipJsonString(data, position).ok(), "a string is one by itself");
    std::string text;
    AppendUnescapedJson(data.substr(start, position - 1 - start), text);
    RequireEqual(text, value.get<std::string>(), "it says the same");
    std::string quoted;
    AppendJsonString(text, quoted);
    Require(ScanJson(quoted, kDepth).ok(), "what was quoted is JSON");
    RequireEqual(json::parse(quoted).get<std::string>(), text, "what was quoted says the same");
  }
  // A depth less than it has is refused, and nothing else changes.
  const absl::Status shallow = ScanJson(data, 2);
  Require(shallow.ok() || shallow.code() == absl::StatusCode::kResourceExhausted,
          "depth is all that is wrong");
}

std::vector<std::string> Seeds() {
  return {R"({"a":[1,-2.5e3,true,false,null,"x\n\u00e4\ud83d\ude00\/"],"b":{}})",
          R"( [ ] )",
          R"([[[[1]],[]]])",
          R"("\u0000\"\\")",
          "\"\xc3\xa4\xf0\x9f\x98\x80\"",
          "\"\xed\xa0\x80\"",
          R"("\ud800")",
          R"(-0.0E-10)",
          R"(1e400)",
          R"(01)",
          R"({"a":1,})",
          R"({"a" 1})",
          R"([1 2])"};
}

const Fuzzer fuzzer("json_scan", Check, Seeds);

}  // namespace
}  // namespace runnel::fuzz
