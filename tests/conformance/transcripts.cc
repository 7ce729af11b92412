// transcripts FILE…: plays transcripts of the session protocol (transcripts/README.md) against the
// C++ server and the C++ client, each at every split of the bytes that it feeds them.
//
//   --whole    each once in each codec, without splits

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"
#include "tests/conformance/transcript_run.h"

namespace conformance {
namespace {

// Plays it once. `longest`: of the texts that were fed.
absl::Status Play(const Json& transcript, runnel::Codec codec, Split split, size_t& longest) {
  const bool server = transcript["side"] == "server";
  const std::unique_ptr<TranscriptRun> run =
      server ? NewServerRun(transcript, codec, split) : NewClientRun(transcript, codec, split);
  const auto where = [&](const std::string& step) {
    return absl::StrCat(codec == runnel::Codec::kJson ? "json" : "proto", ", ", split.ToString(),
                        "; ", step, ": ");
  };
  const Json& steps = transcript["steps"];
  for (size_t i = 0; i < steps.size(); ++i) {
    const absl::Status status = run->Step(steps[i]);
    if (status.ok()) continue;
    std::string step = steps[i].dump();
    if (step.size() > 200) step = step.substr(0, 200) + "…";
    return absl::FailedPreconditionError(
        absl::StrCat(where(absl::StrCat("step ", i + 1, " ", step)), status.message()));
  }
  longest = run->longest();
  const absl::Status finished = run->Finish();
  if (finished.ok()) return finished;
  return absl::FailedPreconditionError(
      absl::StrCat(where("after the last step"), finished.message()));
}

absl::Status PlayAtEverySplit(const Json& transcript, bool whole, int& runs) {
  for (const Json& name : transcript["codecs"]) {
    const runnel::Codec codec = name == "json" ? runnel::Codec::kJson : runnel::Codec::kProto;
    size_t longest = 0;
    RUNNEL_RETURN_IF_ERROR(Play(transcript, codec, Split::Whole(), longest));
    ++runs;
    if (whole) continue;
    for (const Split& split : Split::All(longest)) {
      size_t ignored = 0;
      RUNNEL_RETURN_IF_ERROR(Play(transcript, codec, split, ignored));
      ++runs;
    }
  }
  return absl::OkStatus();
}

absl::Status CheckShape(const Json& transcript) {
  const auto text = [&](const char* key) {
    return transcript.contains(key) && transcript[key].is_string();
  };
  if (!transcript.is_object()) return absl::InvalidArgumentError("the file is not a JSON object");
  if (!text("name") || !text("rule")) return absl::InvalidArgumentError("no `name` or no `rule`");
  if (!text("side") || (transcript["side"] != "server" && transcript["side"] != "client")) {
    return absl::InvalidArgumentError("`side` is neither \"server\" nor \"client\"");
  }
  if (!transcript.contains("codecs") || !transcript["codecs"].is_array() ||
      transcript["codecs"].empty()) {
    return absl::InvalidArgumentError("no `codecs`");
  }
  for (const Json& codec : transcript["codecs"]) {
    if (codec != "json" && codec != "proto") {
      return absl::InvalidArgumentError("no codec is called " + codec.dump());
    }
  }
  if (!transcript.contains("steps") || !transcript["steps"].is_array() ||
      transcript["steps"].empty()) {
    return absl::InvalidArgumentError("no `steps`");
  }
  for (const Json& step : transcript["steps"]) {
    if (!step.is_object() || step.size() != 1) {
      return absl::InvalidArgumentError("a step is an object of one member: " + step.dump());
    }
  }
  return absl::OkStatus();
}

absl::Status PlayFile(const std::string& path, bool whole, int& runs) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError("cannot be read");
  std::stringstream text;
  text << file.rdbuf();
  try {
    const Json transcript = Json::parse(text.str());
    RUNNEL_RETURN_IF_ERROR(CheckShape(transcript));
    return PlayAtEverySplit(transcript, whole, runs);
  } catch (const Json::exception& error) {
    // Of the wrong type somewhere.
    return absl::InvalidArgumentError(error.what());
  }
}

// The part of the files that is this process's, where Bazel has several share the work.
std::vector<std::string> OwnShard(std::vector<std::string> paths) {
  const char* const count = std::getenv("TEST_TOTAL_SHARDS");
  const char* const index = std::getenv("TEST_SHARD_INDEX");
  if (count == nullptr || index == nullptr) return paths;
  // How Bazel is told that its shards are understood.
  if (const char* const told = std::getenv("TEST_SHARD_STATUS_FILE")) std::ofstream file(told);
  std::vector<std::string> own;
  for (size_t i = std::strtoul(index, nullptr, 10); i < paths.size();
       i += std::strtoul(count, nullptr, 10)) {
    own.push_back(std::move(paths[i]));
  }
  return own;
}

int Main(int argc, char** argv) {
  // As whoever typed the names sees them.
  if (const char* directory = std::getenv("BUILD_WORKING_DIRECTORY")) {
    if (chdir(directory) != 0) std::perror(directory);
  }
  bool whole = false;
  std::vector<std::string> paths;
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--whole") {
      whole = true;
    } else {
      paths.emplace_back(argv[i]);
    }
  }
  if (paths.empty()) {
    std::fprintf(stderr, "usage: transcripts [--whole] FILE…\n");
    return 2;
  }
  paths = OwnShard(std::move(paths));
  int passed = 0;
  int failed = 0;
  for (const std::string& path : paths) {
    int runs = 0;
    const absl::Status played = PlayFile(path, whole, runs);
    if (played.ok()) {
      ++passed;
      std::printf("passed  %s (%d runs)\n", path.c_str(), runs);
    } else {
      ++failed;
      std::printf("FAILED  %s: %s\n", path.c_str(), std::string(played.message()).c_str());
    }
    std::fflush(stdout);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace conformance

int main(int argc, char** argv) { return conformance::Main(argc, argv); }
