#include "tests/benchmark/plan.h"

#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"

namespace runnel::benchmark {
namespace {

template <typename Integer>
bool ParseInteger(std::string_view text, Integer least, Integer& value) {
  return absl::SimpleAtoi(AbslView(text), &value) && value >= least;
}

bool ParseMilliseconds(std::string_view text, absl::Duration& value) {
  int64_t milliseconds = 0;
  if (!ParseInteger<int64_t>(text, 0, milliseconds)) return false;
  value = absl::Milliseconds(milliseconds);
  return true;
}

bool ParseChoice(std::string_view text, std::string_view a, std::string_view b,
                 std::string& value) {
  value = std::string(text);
  return text == a || text == b;
}

// Whether there is such an argument with such a value.
bool Set(Plan& plan, std::string_view name, std::string_view value) {
  if (name == "--server") {
    plan.server = std::string(value);
    return !value.empty();
  }
  if (name == "--workload") {
    plan.workload = value == "stream" ? Plan::Workload::kStream : Plan::Workload::kUnary;
    return value == "stream" || value == "unary";
  }
  if (name == "--codec") return ParseChoice(value, "proto", "json", plan.codec);
  if (name == "--route") return ParseChoice(value, "direct", "session", plan.route);
  if (name == "--outstanding") return ParseInteger(value, 1, plan.outstanding);
  if (name == "--payload_bytes") return ParseInteger(value, 0, plan.payload_bytes);
  if (name == "--warm_up_ms") return ParseMilliseconds(value, plan.warm_up);
  if (name == "--duration_ms") return ParseMilliseconds(value, plan.duration);
  if (name == "--messages") return ParseInteger<int64_t>(value, 0, plan.messages);
  return false;
}

}  // namespace

absl::StatusOr<Plan> ParsePlan(int argc, char** argv) {
  Plan plan;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const size_t equals = argument.find('=');
    if (equals == argument.npos ||
        !Set(plan, argument.substr(0, equals), argument.substr(equals + 1))) {
      return absl::InvalidArgumentError(
          absl::StrCat("bad argument ", argv[i],
                       "; there are --server=URL --workload=unary|stream --codec=proto|json "
                       "--route=direct|session --outstanding=N --payload_bytes=N --warm_up_ms=N "
                       "--duration_ms=N --messages=N"));
    }
  }
  if (plan.server.empty()) return absl::InvalidArgumentError("--server=URL is missing");
  return plan;
}

}  // namespace runnel::benchmark
