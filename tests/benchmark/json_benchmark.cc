// What JSON costs: the generated code beside protobuf's own, on the message of the other
// benchmarks. What hostile texts cost is hostile_json's.
//
//   bazel run -c opt --force_pic //tests/benchmark:json_benchmark

#include <cstddef>
#include <string>

#include "benchmark/benchmark.h"
#include "google/protobuf/util/json_util.h"
#include "runtime/core/codec.h"
#include "tests/benchmark/tick.runnel.h"
#include "tests/benchmark/ticks.h"

namespace runnel::benchmark {
namespace {

// The generated code comes with the service, when something of that is used.
const size_t methods = Ticks::Service().runnel_methods().size();

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

}  // namespace
}  // namespace runnel::benchmark

BENCHMARK_MAIN();
