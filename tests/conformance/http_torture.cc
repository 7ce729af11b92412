// http_torture FILE…: sends tables of raw HTTP requests (torture/README.md) to a server of our
// own, and compares its answers with those in the table. After each case another client calls.
//
//   --port P   to the server on that port of this machine instead, which has the same limits
//   --only S   only the cases whose name contains S

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/core/status_macros.h"
#include "tests/conformance/torture_peer.h"
#include "tests/conformance/torture_table.h"
#include "tests/interop/served.h"

namespace conformance {
namespace {

// Long enough for what was sent to arrive by itself. If it is not, the case tests less; it does not
// fail.
constexpr auto kPause = std::chrono::milliseconds(30);

constexpr char kPlainRequest[] =
    "POST /end_to_end.v1.Scripted/Unary HTTP/1.1\r\nHost: localhost\r\n"
    "Content-Type: application/json\r\nContent-Length: 14\r\n\r\n{\"text\":\"hey\"}";

// Small enough for the table to go over them.
runnel::ServerOptions Limited() {
  runnel::ServerOptions options;
  options.threads = 1;
  options.limits.header_timeout = absl::Seconds(1);
  options.limits.body_progress_timeout = absl::Seconds(1);
  options.limits.keep_alive_timeout = absl::Seconds(2);
  options.limits.max_message_bytes = 64 * 1024;
  options.limits.max_send_bytes = 64 * 1024;
  return options;
}

absl::Status CallOn(TorturePeer& peer) {
  RUNNEL_RETURN_IF_ERROR(peer.Send(kPlainRequest));
  RUNNEL_ASSIGN_OR_RETURN(const TortureResponse response, peer.Read());
  if (response.status == 200 && absl::StrContains(response.text, "\"text\":\"hey\"")) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("the answer to a plain request was \"", response.text, "\""));
}

// `to_head`: the last that was sent is a HEAD.
absl::Status TakeStep(const TortureStep& step, bool to_head, TorturePeer& peer) {
  using Kind = TortureStep::Kind;
  switch (step.kind) {
    case Kind::kSend:
      return peer.Send(step.text);
    case Kind::kPause:
      std::this_thread::sleep_for(kPause);
      return absl::OkStatus();
    case Kind::kEnd:
      peer.EndSending();
      return absl::OkStatus();
    case Kind::kClosed:
      return peer.ReadEnd();
    case Kind::kOpen:
      return CallOn(peer);
    case Kind::kLeave:
      return absl::OkStatus();
    case Kind::kResponse:
      break;
  }
  RUNNEL_ASSIGN_OR_RETURN(const TortureResponse response, peer.Read(to_head));
  if (step.statuses.contains(response.status) && absl::StrContains(response.text, step.text)) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("expected ", absl::StrJoin(step.statuses, " or "),
                   step.text.empty() ? "" : absl::StrCat(" with \"", step.text, "\""), ", got \"",
                   response.text.substr(0, 600), "\""));
}

absl::Status Run(const TortureCase& one, int port) {
  {
    RUNNEL_ASSIGN_OR_RETURN(TorturePeer peer, TorturePeer::Connect(port));
    bool to_head = false;
    for (size_t i = 0; i < one.steps.size(); ++i) {
      const TortureStep& step = one.steps[i];
      if (step.kind == TortureStep::Kind::kSend) to_head = step.text.starts_with("HEAD ");
      const absl::Status status = TakeStep(step, to_head, peer);
      if (status.ok()) continue;
      return absl::FailedPreconditionError(absl::StrCat("step ", i + 1, ": ", status.message()));
    }
  }
  RUNNEL_ASSIGN_OR_RETURN(TorturePeer healthy, TorturePeer::Connect(port));
  const absl::Status after = CallOn(healthy);
  if (after.ok()) return after;
  return absl::FailedPreconditionError(absl::StrCat("afterwards: ", after.message()));
}

int Main(int argc, char** argv) {
  std::vector<std::string> files;
  std::string only;
  int port = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--port" && has_value && absl::SimpleAtoi(argv[i + 1], &port)) {
      ++i;
    } else if (argument == "--only" && has_value) {
      only = argv[++i];
    } else if (argument.starts_with("--")) {
      std::fprintf(stderr, "usage: http_torture [--port P] [--only S] FILE…\n");
      return 2;
    } else {
      files.push_back(argument);
    }
  }
  // `bazel run` starts programs elsewhere.
  const char* const from = std::getenv("BUILD_WORKING_DIRECTORY");
  std::optional<interop::Served> served;
  if (port == 0) {
    served.emplace(Limited());
    port = served->port();
  }
  int passed = 0;
  int failed = 0;
  for (const std::string& file : files) {
    std::ifstream in(file);
    if (!in && from != nullptr) in.open(absl::StrCat(from, "/", file));
    std::stringstream text;
    text << in.rdbuf();
    absl::StatusOr<std::vector<TortureCase>> cases = ParseTortureTable(text.str());
    if (!in || !cases.ok()) {
      std::fprintf(stderr, "%s: %s\n", file.c_str(),
                   in ? std::string(cases.status().message()).c_str() : "cannot be read");
      return 2;
    }
    for (const TortureCase& one : *cases) {
      if (!absl::StrContains(one.name, only)) continue;
      const absl::Status status = Run(one, port);
      ++(status.ok() ? passed : failed);
      if (status.ok()) continue;
      std::printf("FAILED %s:%d: %s: %s\n", file.c_str(), one.line, one.name.c_str(),
                  std::string(status.message()).c_str());
    }
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace
}  // namespace conformance

int main(int argc, char** argv) { return conformance::Main(argc, argv); }
