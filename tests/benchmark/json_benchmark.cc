// What JSON costs: the generated code beside protobuf's own, on the message of the other
// benchmarks, and hostile texts of three sizes, whose cost per byte must not rise with the size.
//
//   bazel run -c opt --force_pic //tests/benchmark:json_benchmark

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "runtime/core/codec.h"
#include "tests/benchmark/json_sink.runnel.h"
#include "tests/benchmark/tick.runnel.h"
#include "tests/benchmark/ticks.h"

namespace runnel::benchmark {
namespace {

// The generated code comes with the services, when something of them is used.
const size_t methods =
    Ticks::Service().runnel_methods().size() + JsonSink::Service().runnel_methods().size();

constexpr int kPayloadBytes = 100;

std::string TickJson() {
  std::string json;
  (void)EncodeMessage(Codec::kJson, MakeTick(kPayloadBytes), json);
  return json;
}

void WriteGenerated(::benchmark::State& state) {
  const Tick tick = MakeTick(kPayloadBytes);
  std::string json;
  for (auto _ : state) {
    json.clear();
    if (!EncodeMessage(Codec::kJson, tick, json).ok()) return state.SkipWithError("not written");
    ::benchmark::DoNotOptimize(json.data());
  }
}
BENCHMARK(WriteGenerated);

void WriteProtobuf(::benchmark::State& state) {
  const Tick tick = MakeTick(kPayloadBytes);
  std::string json;
  for (auto _ : state) {
    json.clear();
    if (!google::protobuf::util::MessageToJsonString(tick, &json).ok()) {
      return state.SkipWithError("not written");
    }
    ::benchmark::DoNotOptimize(json.data());
  }
}
BENCHMARK(WriteProtobuf);

void ReadGenerated(::benchmark::State& state) {
  const std::string json = TickJson();
  const Limits limits;
  Tick tick;
  for (auto _ : state) {
    if (!DecodeMessage(Codec::kJson, json, limits, tick).ok()) {
      return state.SkipWithError("not read");
    }
    ::benchmark::DoNotOptimize(&tick);
  }
}
BENCHMARK(ReadGenerated);

void ReadProtobuf(::benchmark::State& state) {
  const std::string json = TickJson();
  Tick tick;
  for (auto _ : state) {
    if (!google::protobuf::util::JsonStringToMessage(json, &tick).ok()) {
      return state.SkipWithError("not read");
    }
    ::benchmark::DoNotOptimize(&tick);
  }
}
BENCHMARK(ReadProtobuf);

// The binary form beside it: protobuf's bytes, and the check of strings and required fields.
void WriteBinary(::benchmark::State& state) {
  const Tick tick = MakeTick(kPayloadBytes);
  std::string bytes;
  for (auto _ : state) {
    bytes.clear();
    if (!EncodeMessage(Codec::kProto, tick, bytes).ok()) return state.SkipWithError("not written");
    ::benchmark::DoNotOptimize(bytes.data());
  }
}
BENCHMARK(WriteBinary);

std::string Repeated(std::string_view text, size_t size) {
  std::string all;
  while (all.size() < size) all.append(text);
  return all;
}

// Texts that make careless readers slow, about `size` bytes each.
std::string NestedArrays(size_t size) { return "{\"value\":" + std::string(size, '['); }
std::string NestedObjects(size_t size) { return "{\"value\":" + Repeated("{\"a\":", size); }
std::string WideArrays(size_t size) { return "{\"value\":[" + Repeated("[[[]]],", size) + "0]}"; }
std::string Escapes(size_t size) { return "{\"text\":\"" + Repeated("\\u00e4", size) + "\"}"; }
std::string UnknownKeys(size_t size) {
  return "{" + Repeated("\"?\":{\"a\":[1]},", size) + "\"?\":0}";
}
std::string DuplicateKeys(size_t size) {
  return "{" + Repeated("\"number\":1,", size) + "\"?\":0}";
}
std::string DuplicateMembers(size_t size) {
  return "{\"value\":{" + Repeated("\"a\":1,", size) + "\"a\":0}}";
}
std::string DistinctMembers(size_t size) {
  std::string json = "{\"value\":{";
  for (int i = 0; json.size() < size; ++i) absl::StrAppend(&json, "\"", i, "\":1,");
  return json + "\"\":0}}";
}
std::string LongNumber(size_t size) { return "{\"number\":" + std::string(size, '7') + "}"; }
std::string LongFraction(size_t size) { return "{\"number\":0." + std::string(size, '7') + "}"; }
std::string LongUnknownNumber(size_t size) { return "{\"?\":" + std::string(size, '7') + "}"; }
std::string OtherAlphabets(size_t size) {
  return "{\"text\":\"" + Repeated("\u00e4\u4e2d", size) + "\"}";
}

void ReadHostile(::benchmark::State& state, std::string (*make)(size_t)) {
  const std::string json = make(static_cast<size_t>(state.range(0)));
  Limits limits;
  limits.max_message_bytes = 16 << 20;
  bool ok = false;
  for (auto _ : state) {
    JsonText message;
    ok = DecodeMessage(Codec::kJson, json, limits, message).ok();
  }
  state.SetLabel(ok ? "read" : "refused");
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(json.size()));
}
void Sizes(::benchmark::internal::Benchmark* benchmark) {
  benchmark->Arg(32 << 10)->Arg(1 << 20)->Arg(4 << 20);
}
BENCHMARK_CAPTURE(ReadHostile, nested_arrays, NestedArrays)->Apply(Sizes);
BENCHMARK_CAPTURE(ReadHostile, nested_objects, NestedObjects)->Apply(Sizes);
BENCHMARK_CAPTURE(ReadHostile, wide_arrays, WideArrays)->Apply(Sizes);
BENCHMARK_CAPTURE(ReadHostile, escapes, Escapes)->Apply(Sizes);
BENCHMARK_CAPTURE(ReadHostile, unknown_keys, UnknownKeys)->Apply(Sizes);
BENCHMARK_CAPTURE(ReadHostile, duplicate_keys, DuplicateKeys)->Apply(Sizes);
BENCHMARK_CAPTURE(ReadHostile, duplicate_members, DuplicateMembers)->Apply(Sizes);
BENCHMARK_CAPTURE(ReadHostile, distinct_members, DistinctMembers)->Apply(Sizes);
BENCHMARK_CAPTURE(ReadHostile, long_number, LongNumber)->Apply(Sizes);
BENCHMARK_CAPTURE(ReadHostile, long_fraction, LongFraction)->Apply(Sizes);
BENCHMARK_CAPTURE(ReadHostile, long_unknown_number, LongUnknownNumber)->Apply(Sizes);
BENCHMARK_CAPTURE(ReadHostile, other_alphabets, OtherAlphabets)->Apply(Sizes);

}  // namespace
}  // namespace runnel::benchmark

BENCHMARK_MAIN();
