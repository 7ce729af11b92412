// What the parser of event streams makes of events, small and large, and beside it memchr over the
// same bytes: no code that looks at them all can be faster.
//
//   bazel run -c opt --force_pic //tests/benchmark:micro_events
//
// Streams come in pieces of 64 KiB, as from a connection. items_per_second are events.

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "runtime/wire/event_parser.h"

namespace runnel::benchmark {
namespace {

using ::benchmark::DoNotOptimize;
using ::benchmark::State;

constexpr size_t kPieceBytes = 64 * 1024;
constexpr size_t kStreamBytes = 8 * 1024 * 1024;
// More than any event here.
constexpr size_t kMaxEventBytes = 2 * kStreamBytes;

struct Stream {
  std::string bytes;
  int events = 0;
};

Stream Repeated(const std::string& event, size_t stream_bytes) {
  Stream stream;
  while (stream.bytes.size() < stream_bytes) {
    stream.bytes += event;
    ++stream.events;
  }
  return stream;
}

// Letters, in lines of `event_bytes` altogether.
Stream OneLineEach(size_t event_bytes) {
  constexpr size_t kAround = 8;  // "data: " and two line ends
  return Repeated(absl::StrCat("data: ", std::string(event_bytes - kAround, 'x'), "\n\n"),
                  std::min(kStreamBytes, event_bytes * 50'000));
}

// As a feed has them that names and numbers its events.
Stream NamedAndNumbered() {
  Stream stream;
  for (int i = 0; i < 50'000; ++i) {
    absl::StrAppend(&stream.bytes, "event: update\nid: ", 1'000'000 + i, "\ndata: {\"seq\": ", i,
                    "}\n\n");
    ++stream.events;
  }
  return stream;
}

// As pretty-printed JSON.
Stream ManyLines() {
  std::string event;
  for (int i = 0; i < 1'000; ++i) event += "data:   \"name of a field\": \"and its value\",\n";
  return Repeated(event + "\n", kStreamBytes);
}

// Text of which every other character is no ASCII.
Stream NotAscii() {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "\xc3\xa4x";
  return Repeated("data: " + text + "\n\n", kStreamBytes);
}

void Count(State& state, const Stream& stream) {
  state.SetItemsProcessed(state.iterations() * stream.events);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(stream.bytes.size()));
}

void Read(State& state, const Stream& stream) {
  EventParser parser(kMaxEventBytes);
  for (auto _ : state) {
    int events = 0;
    for (std::string_view left = stream.bytes; !left.empty();) {
      parser.Feed(left.substr(0, kPieceBytes));
      left.remove_prefix(std::min(kPieceBytes, left.size()));
      while (true) {
        absl::StatusOr<std::optional<EventView>> event = parser.Next();
        if (!event.ok()) std::abort();
        if (!*event) break;
        DoNotOptimize((*event)->data.data());
        ++events;
      }
    }
    if (events != stream.events) std::abort();
  }
  Count(state, stream);
}

void Search(State& state, const Stream& stream) {
  for (auto _ : state) {
    for (std::string_view left = stream.bytes; !left.empty();) {
      const std::string_view piece = left.substr(0, kPieceBytes);
      DoNotOptimize(std::memchr(piece.data(), 0, piece.size()));
      left.remove_prefix(piece.size());
    }
  }
  Count(state, stream);
}

void ReadEventsOf(State& state) { Read(state, OneLineEach(state.range(0))); }
void SearchEventsOf(State& state) { Search(state, OneLineEach(state.range(0))); }
void ReadNamedAndNumbered(State& state) { Read(state, NamedAndNumbered()); }
void SearchNamedAndNumbered(State& state) { Search(state, NamedAndNumbered()); }
void ReadManyLines(State& state) { Read(state, ManyLines()); }
void SearchManyLines(State& state) { Search(state, ManyLines()); }
void ReadNotAscii(State& state) { Read(state, NotAscii()); }
void SearchNotAscii(State& state) { Search(state, NotAscii()); }

void Sizes(::benchmark::internal::Benchmark* one) {
  for (int bytes : {20, 100, 1'024, 16'384, 1'048'576}) one->Arg(bytes);
}

BENCHMARK(ReadEventsOf)->Apply(Sizes);
BENCHMARK(SearchEventsOf)->Apply(Sizes);
BENCHMARK(ReadNamedAndNumbered);
BENCHMARK(SearchNamedAndNumbered);
BENCHMARK(ReadManyLines);
BENCHMARK(SearchManyLines);
BENCHMARK(ReadNotAscii);
BENCHMARK(SearchNotAscii);

}  // namespace
}  // namespace runnel::benchmark

BENCHMARK_MAIN();
