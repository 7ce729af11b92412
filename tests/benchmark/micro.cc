// What the parts cost, one at a time, on the ticks of the other benchmarks, and beside each the
// same bytes copied (memcpy) or searched (memchr): no code that touches them all can be faster. The
// argument is the payload of a tick in bytes.
//
//   bazel run -c opt --force_pic //tests/benchmark:micro [-- --benchmark_filter=Events]

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "benchmark/benchmark.h"
#include "runtime/core/codec.h"
#include "runtime/session/replay_buffer.h"
#include "runtime/wire/base64.h"
#include "runtime/wire/envelope.h"
#include "runtime/wire/event_parser.h"
#include "runtime/wire/event_writer.h"
#include "runtime/wire/frame_codec.h"
#include "tests/benchmark/tick.runnel.h"
#include "tests/benchmark/ticks.h"

namespace runnel::benchmark {
namespace {

using ::benchmark::DoNotOptimize;
using ::benchmark::State;

// The generated code comes with the service, when something of that is used.
const size_t methods = Ticks::Service().runnel_methods().size();

// Messages that are ready together, as in a stream that runs as fast as it can.
constexpr int kBatch = 64;

void Check(bool ok) {
  if (!ok) std::abort();
}

std::string Encoded(Codec codec, const State& state) {
  std::string bytes;
  Check(EncodeMessage(codec, MakeTick(static_cast<int>(state.range(0))), bytes).ok());
  return bytes;
}

// For each item: what it is made of, and how often in an iteration.
void Count(State& state, size_t bytes, int items = 1) {
  state.SetItemsProcessed(state.iterations() * items);
  state.SetBytesProcessed(state.iterations() * items * static_cast<int64_t>(bytes));
}

// --- the limits ---

void LimitCopy(State& state, const std::string& bytes, int items = 1) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (int i = 0; i < items; ++i) {
      out.append(bytes);
      DoNotOptimize(out.data());
    }
  }
  Count(state, bytes.size(), items);
}

void LimitSearch(State& state, const std::string& bytes, int items) {
  for (auto _ : state) {
    for (int i = 0; i < items; ++i) DoNotOptimize(std::memchr(bytes.data(), 0, bytes.size()));
  }
  Count(state, bytes.size(), items);
}

// --- messages ---

template <Codec codec>
void WriteMessage(State& state) {
  const Tick tick = MakeTick(static_cast<int>(state.range(0)));
  std::string out;
  for (auto _ : state) {
    out.clear();
    Check(EncodeMessage(codec, tick, out).ok());
    DoNotOptimize(out.data());
  }
  Count(state, out.size());
}

template <Codec codec>
void ReadMessage(State& state) {
  const std::string bytes = Encoded(codec, state);
  const Limits limits;
  Tick tick;
  for (auto _ : state) {
    Check(DecodeMessage(codec, bytes, limits, tick).ok());
    DoNotOptimize(&tick);
  }
  Count(state, bytes.size());
}

template <Codec codec>
void CopyMessage(State& state) {
  LimitCopy(state, Encoded(codec, state));
}

// --- base64 ---

void WriteBase64(State& state) {
  const std::string bytes = Encoded(Codec::kProto, state);
  std::string out;
  for (auto _ : state) {
    out.clear();
    AppendBase64(bytes, out);
    DoNotOptimize(out.data());
  }
  Count(state, bytes.size());
}

void ReadBase64(State& state) {
  const std::string bytes = Encoded(Codec::kProto, state);
  std::string text;
  AppendBase64(bytes, text);
  std::string out;
  for (auto _ : state) {
    Check(DecodeBase64(text, out).ok());
    DoNotOptimize(out.data());
  }
  Count(state, bytes.size());
}

// --- events ---

std::string Events(const std::string& json) {
  std::string events;
  EventFields fields;
  for (int i = 0; i < kBatch; ++i) AppendEvent(fields, json, events);
  return events;
}

void WriteEvents(State& state) {
  const std::string json = Encoded(Codec::kJson, state);
  const EventFields fields;
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (int i = 0; i < kBatch; ++i) AppendEvent(fields, json, out);
    DoNotOptimize(out.data());
  }
  Count(state, json.size(), kBatch);
}

void ReadEvents(State& state) {
  const std::string json = Encoded(Codec::kJson, state);
  const std::string events = Events(json);
  EventParser parser(1 << 20);
  for (auto _ : state) {
    parser.Feed(events);
    for (int i = 0; i < kBatch; ++i) {
      absl::StatusOr<std::optional<EventView>> event = parser.Next();
      Check(event.ok() && event->has_value());
      DoNotOptimize((*event)->data.data());
    }
    Check(!parser.Next()->has_value());
  }
  Count(state, json.size(), kBatch);
}

void CopyEvents(State& state) { LimitCopy(state, Encoded(Codec::kJson, state), kBatch); }
void SearchEvents(State& state) { LimitSearch(state, Encoded(Codec::kJson, state), kBatch); }

// --- envelopes ---

void WriteEnvelopes(State& state) {
  const std::string bytes = Encoded(Codec::kProto, state);
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (int i = 0; i < kBatch; ++i) AppendEnvelope(0, bytes, out);
    DoNotOptimize(out.data());
  }
  Count(state, bytes.size(), kBatch);
}

void ReadEnvelopes(State& state) {
  const std::string bytes = Encoded(Codec::kProto, state);
  std::string body;
  for (int i = 0; i < kBatch; ++i) AppendEnvelope(0, bytes, body);
  EnvelopeParser parser(1 << 20, "");
  for (auto _ : state) {
    parser.Feed(body);
    for (int i = 0; i < kBatch; ++i) {
      absl::StatusOr<std::optional<Envelope>> envelope = parser.Next();
      Check(envelope.ok() && envelope->has_value());
      DoNotOptimize((*envelope)->payload.data());
    }
  }
  Count(state, bytes.size(), kBatch);
}

// --- frames ---

Frame MessageOf(const std::string& bytes) {
  MessageFrame message;
  message.size = bytes.size();
  message.payload = bytes;
  return Frame{1, std::move(message)};
}

template <Codec codec>
void WriteFrames(State& state) {
  const std::string bytes = Encoded(codec, state);
  const Frame frame = MessageOf(bytes);
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (int i = 0; i < kBatch; ++i) EncodeFrame(codec, frame, out);
    DoNotOptimize(out.data());
  }
  Count(state, bytes.size(), kBatch);
}

// The events that a session's stream has for messages that are ready together.
template <Codec codec>
void ReadFrames(State& state) {
  const std::string bytes = Encoded(codec, state);
  ReplayBuffer buffer(codec, "1");
  for (int i = 0; i < kBatch; ++i) buffer.Append(MessageOf(bytes));
  std::string events;
  while (!buffer.AllSent()) events += *buffer.NextToSend();
  EventParser parser(64 << 20);
  const Limits limits;
  std::string decoded;
  for (auto _ : state) {
    parser.Feed(events);
    for (size_t frames = 0; frames < kBatch;) {
      absl::StatusOr<std::optional<EventView>> view = parser.Next();
      Check(view.ok() && view->has_value());
      std::string_view data = (*view)->data;
      if (codec == Codec::kProto) {
        Check(DecodeBase64(data, decoded).ok());
        data = decoded;
      }
      absl::StatusOr<FrameBatch> batch = DecodeFrameBatch(codec, data, limits);
      Check(batch.ok() && !batch->frames.empty());
      frames += batch->frames.size();
    }
    Check(!parser.Next()->has_value());
  }
  Count(state, bytes.size(), kBatch);
}

// --- the replay buffer: appended, sent, acknowledged ---

template <Codec codec>
void KeepFrames(State& state) {
  const std::string bytes = Encoded(codec, state);
  const Frame frame = MessageOf(bytes);
  ReplayBuffer buffer(codec, "1");
  for (auto _ : state) {
    uint64_t last = 0;
    for (int i = 0; i < kBatch; ++i) last = buffer.Append(frame);
    while (!buffer.AllSent()) DoNotOptimize(buffer.NextToSend()->data());
    Check(buffer.Acknowledge(last).ok());
  }
  Count(state, bytes.size(), kBatch);
}

template <Codec codec>
void CopyFrames(State& state) {
  LimitCopy(state, Encoded(codec, state), kBatch);
}

void Sizes(::benchmark::internal::Benchmark* one) {
  for (int bytes : {0, 100, 1'024, 16'384}) one->Arg(bytes);
}

BENCHMARK(WriteMessage<Codec::kJson>)->Apply(Sizes);
BENCHMARK(ReadMessage<Codec::kJson>)->Apply(Sizes);
BENCHMARK(CopyMessage<Codec::kJson>)->Apply(Sizes);
BENCHMARK(WriteMessage<Codec::kProto>)->Apply(Sizes);
BENCHMARK(ReadMessage<Codec::kProto>)->Apply(Sizes);
BENCHMARK(WriteBase64)->Apply(Sizes);
BENCHMARK(ReadBase64)->Apply(Sizes);
BENCHMARK(CopyMessage<Codec::kProto>)->Apply(Sizes);
BENCHMARK(WriteEvents)->Apply(Sizes);
BENCHMARK(CopyEvents)->Apply(Sizes);
BENCHMARK(ReadEvents)->Apply(Sizes);
BENCHMARK(SearchEvents)->Apply(Sizes);
BENCHMARK(WriteEnvelopes)->Apply(Sizes);
BENCHMARK(ReadEnvelopes)->Apply(Sizes);
BENCHMARK(WriteFrames<Codec::kJson>)->Apply(Sizes);
BENCHMARK(ReadFrames<Codec::kJson>)->Apply(Sizes);
BENCHMARK(KeepFrames<Codec::kJson>)->Apply(Sizes);
BENCHMARK(CopyFrames<Codec::kJson>)->Apply(Sizes);
BENCHMARK(WriteFrames<Codec::kProto>)->Apply(Sizes);
BENCHMARK(ReadFrames<Codec::kProto>)->Apply(Sizes);
BENCHMARK(KeepFrames<Codec::kProto>)->Apply(Sizes);
BENCHMARK(CopyFrames<Codec::kProto>)->Apply(Sizes);

}  // namespace
}  // namespace runnel::benchmark

BENCHMARK_MAIN();
