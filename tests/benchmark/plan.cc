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

bool ParseMicroseconds(std::string_view text, absl::Duration& value) {
  int64_t microseconds = 0;
  if (!ParseInteger<int64_t>(text, 1, microseconds)) return false;
  value = absl::Microseconds(microseconds);
  return true;
}

bool ParseText(std::string_view text, std::string& value) {
  value = std::string(text);
  return !value.empty();
}

bool ParseChoice(std::string_view text, std::string_view a, std::string_view b,
                 std::string& value) {
  value = std::string(text);
  return text == a || text == b;
}

bool ParseWorkload(std::string_view text, Plan::Workload& value) {
  if (text == "unary") value = Plan::Workload::kUnary;
  if (text == "stream") value = Plan::Workload::kStream;
  if (text == "ping") value = Plan::Workload::kPing;
  if (text == "crowd") value = Plan::Workload::kCrowd;
  return text == "unary" || text == "stream" || text == "ping" || text == "crowd";
}

constexpr absl::string_view kPlan =
    "--server=URL --server_pid=N --ca_file=FILE --workload=unary|stream|ping|crowd "
    "--codec=proto|json --route=direct|session --api=callback|cq --outstanding=N "
    "--payload_bytes=N --subscribers=N --connections=own|shared --publisher=URL --period_us=N "
    "--warm_up_ms=N --duration_ms=N --messages=N";

// Whether there is such an argument with such a value.
bool Set(Plan& plan, std::string_view name, std::string_view value) {
  if (name == "--server") return ParseText(value, plan.server);
  if (name == "--server_pid") return ParseInteger(value, 1, plan.server_pid);
  if (name == "--ca_file") return ParseText(value, plan.ca_file);
  if (name == "--workload") return ParseWorkload(value, plan.workload);
  if (name == "--codec") return ParseChoice(value, "proto", "json", plan.codec);
  if (name == "--route") return ParseChoice(value, "direct", "session", plan.route);
  if (name == "--api") return ParseChoice(value, "callback", "cq", plan.api);
  if (name == "--outstanding") return ParseInteger(value, 1, plan.outstanding);
  if (name == "--payload_bytes") return ParseInteger(value, 0, plan.payload_bytes);
  if (name == "--subscribers") return ParseInteger(value, 1, plan.subscribers);
  if (name == "--connections") return ParseChoice(value, "own", "shared", plan.connections);
  if (name == "--publisher") return ParseText(value, plan.publisher);
  if (name == "--period_us") return ParseMicroseconds(value, plan.period);
  if (name == "--warm_up_ms") return ParseMilliseconds(value, plan.warm_up);
  if (name == "--duration_ms") return ParseMilliseconds(value, plan.duration);
  if (name == "--messages") return ParseInteger<int64_t>(value, 0, plan.messages);
  return false;
}

constexpr absl::string_view kServerPlan =
    "--certificate_file=FILE --key_file=FILE --threads=N --api=callback|cq --gather=N";

bool Set(ServerPlan& plan, std::string_view name, std::string_view value) {
  if (name == "--certificate_file") return ParseText(value, plan.certificate_file);
  if (name == "--key_file") return ParseText(value, plan.key_file);
  if (name == "--threads") return ParseInteger(value, 0, plan.threads);
  if (name == "--api") return ParseChoice(value, "callback", "cq", plan.api);
  if (name == "--gather") return ParseInteger(value, 1, plan.gather);
  return false;
}

template <typename T>
absl::Status Parse(int argc, char** argv, absl::string_view usage, T& plan) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const size_t equals = argument.find('=');
    if (equals == argument.npos ||
        !Set(plan, argument.substr(0, equals), argument.substr(equals + 1))) {
      return absl::InvalidArgumentError(
          absl::StrCat("bad argument ", argv[i], "; there are ", usage));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Plan> ParsePlan(int argc, char** argv) {
  Plan plan;
  absl::Status parsed = Parse(argc, argv, kPlan, plan);
  if (!parsed.ok()) return parsed;
  if (plan.server.empty()) return absl::InvalidArgumentError("--server=URL is missing");
  return plan;
}

absl::StatusOr<ServerPlan> ParseServerPlan(int argc, char** argv) {
  ServerPlan plan;
  absl::Status parsed = Parse(argc, argv, kServerPlan, plan);
  if (!parsed.ok()) return parsed;
  if (plan.certificate_file.empty() != plan.key_file.empty()) {
    return absl::InvalidArgumentError("--certificate_file and --key_file go together");
  }
  return plan;
}

}  // namespace runnel::benchmark
