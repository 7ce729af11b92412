// event_stream FILE…: reads the streams of case files (testdata/eventsource-cases.json) with
// Runnel's parser, each whole, cut as its case says, cut at every place, and byte by byte.
//
//   --json   prints what was read instead, in the form of the files

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/conformance/event_stream_case.h"

namespace conformance {
namespace {

// What the cuts at every place of one stream may cost, in bytes that are read. A stream of more
// than 64 KiB is cut near both ends, and at places all over it.
constexpr size_t kMaxReadBytes = size_t{1} << 32;
constexpr size_t kNear = 64;

std::vector<size_t> PlacesToCut(size_t size) {
  std::vector<size_t> places;
  const size_t step = 1 + (size + 1) / (kMaxReadBytes / (size + 1) + 1);
  const size_t end = size + 1;
  for (size_t at = 0; at < std::min(kNear, end); ++at) places.push_back(at);
  for (size_t at = kNear; at + kNear < end; at += step) places.push_back(at);
  for (size_t at = std::max(kNear, end - std::min(kNear, end)); at < end; ++at) {
    places.push_back(at);
  }
  return places;
}

// Empty when the stream says what it should.
std::string Try(const EventStreamCase& one, const std::vector<size_t>& cuts, std::string how) {
  const absl::StatusOr<StreamContent> content = ReadStream(one.stream, cuts);
  if (!content.ok()) return absl::StrCat(how, ": ", content.status().ToString());
  if (*content == one.expected) return "";
  return absl::StrCat(how, ": ", Difference(one.expected, *content));
}

std::string Run(const EventStreamCase& one) {
  std::string failure = Try(one, {}, "whole");
  if (failure.empty()) failure = Try(one, one.chunks, "cut as given");
  if (failure.empty()) {
    std::vector<size_t> all(one.stream.size());
    std::iota(all.begin(), all.end(), 0);
    failure = Try(one, all, "byte by byte");
  }
  for (const size_t at : PlacesToCut(one.stream.size())) {
    if (!failure.empty()) break;
    failure = Try(one, {at}, absl::StrCat("cut at ", at));
  }
  return failure;
}

int PrintJson(const std::vector<EventStreamCase>& cases) {
  std::printf("{\"cases\": [");
  for (size_t i = 0; i < cases.size(); ++i) {
    const absl::StatusOr<StreamContent> content = ReadStream(cases[i].stream, {});
    if (!content.ok()) {
      std::fprintf(stderr, "%s: %s\n", cases[i].name.c_str(), content.status().ToString().c_str());
      return 1;
    }
    std::printf("%s\n%s", i == 0 ? "" : ",", ToJson(cases[i].name, *content).c_str());
  }
  std::printf("\n]}\n");
  return 0;
}

absl::StatusOr<std::vector<EventStreamCase>> ReadFile(const std::string& path) {
  std::ifstream file(path);
  // `bazel run` starts programs elsewhere.
  const char* const from = std::getenv("BUILD_WORKING_DIRECTORY");
  if (!file && from != nullptr) file.open(absl::StrCat(from, "/", path));
  std::stringstream text;
  // Of a directory nothing can be read, and then the text fails.
  if (!file || !(text << file.rdbuf())) return absl::NotFoundError("cannot be read, or is empty");
  return ParseEventStreamCases(text.str());
}

int Main(int argc, char** argv) {
  bool json = false;
  std::vector<std::string> paths;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--json") {
      json = true;
    } else if (argument.starts_with("--")) {
      paths.clear();
      break;
    } else {
      paths.push_back(argument);
    }
  }
  if (paths.empty()) {
    std::fprintf(stderr, "usage: event_stream [--json] FILE…\n");
    return 2;
  }
  int passed = 0;
  int failed = 0;
  for (const std::string& path : paths) {
    const absl::StatusOr<std::vector<EventStreamCase>> cases = ReadFile(path);
    if (!cases.ok()) {
      std::fprintf(stderr, "%s: %s\n", path.c_str(), std::string(cases.status().message()).c_str());
      return 2;
    }
    if (json) {
      if (const int code = PrintJson(*cases)) return code;
      continue;
    }
    for (const EventStreamCase& one : *cases) {
      const std::string failure = Run(one);
      ++(failure.empty() ? passed : failed);
      if (!failure.empty()) std::printf("FAILED %s: %s\n", one.name.c_str(), failure.c_str());
    }
  }
  if (json) return 0;
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace
}  // namespace conformance

int main(int argc, char** argv) { return conformance::Main(argc, argv); }
