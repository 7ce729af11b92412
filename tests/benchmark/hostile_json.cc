// What texts cost that make careless readers of JSON slow: nanoseconds per byte at three sizes,
// which must not rise with the size.
//
//   bazel run -c opt --force_pic //tests/benchmark:hostile_json
//
// Beside each figure stands what protobuf takes to build the same message out of its binary form,
// and to destroy it: for texts of many small values that is most of it, and it rises by itself once
// the message does not fit into the caches. What is left is the reader's own. The sizes take turns,
// so that a slow moment meets all of them, and the medians are shown. The heap keeps its pages,
// lest the kernel's handing them out is what is measured.

#include <malloc.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/io/coded_stream.h"
#include "runtime/core/codec.h"
#include "tests/benchmark/json_sink.runnel.h"

namespace runnel::benchmark {
namespace {

// The generated code comes with the service, when something of that is used.
const size_t methods = JsonSink::Service().runnel_methods().size();

constexpr std::array<size_t, 3> kSizes = {32 << 10, 1 << 20, 4 << 20};
constexpr int kRounds = 9;

std::string Repeated(std::string_view text, size_t size) {
  std::string all;
  while (all.size() < size) all.append(text);
  return all;
}

std::string Nested(std::string_view open, std::string_view close, int depth) {
  std::string all;
  for (int i = 0; i < depth; ++i) all.append(open);
  all.append("0");
  for (int i = 0; i < depth; ++i) all.append(close);
  return all;
}

// Below the limit, with room for what is around it.
constexpr int kDepth = 90;

std::string EndlessArrays(size_t size) { return "{\"value\":" + std::string(size, '['); }
std::string EndlessObjects(size_t size) { return "{\"value\":" + Repeated("{\"a\":", size); }
std::string DeepLists(size_t size) {
  return "{\"value\":[" + Repeated(Nested("[", "]", kDepth) + ",", size) + "0]}";
}
std::string DeepStructs(size_t size) {
  return "{\"value\":[" + Repeated(Nested("{\"a\":", "}", kDepth) + ",", size) + "0]}";
}
std::string WideLists(size_t size) { return "{\"value\":[" + Repeated("[[[]]],", size) + "0]}"; }
std::string WideValues(size_t size) { return "{\"value\":[" + Repeated("1,", size) + "0]}"; }
std::string DistinctMembers(size_t size) {
  std::string json = "{\"value\":{";
  for (int i = 0; json.size() < size; ++i) absl::StrAppend(&json, "\"", i, "\":1,");
  return json + "\"\":0}}";
}
std::string Escapes(size_t size) { return "{\"text\":\"" + Repeated("\\u00e4", size) + "\"}"; }
std::string OtherAlphabets(size_t size) {
  return "{\"text\":\"" + Repeated("\u00e4\u4e2d", size) + "\"}";
}
std::string DuplicateKeys(size_t size) {
  return "{" + Repeated("\"number\":1,", size) + "\"?\":0}";
}
std::string DuplicateMembers(size_t size) {
  return "{\"value\":{" + Repeated("\"a\":1,", size) + "\"a\":0}}";
}
std::string DuplicateUnknown(size_t size) {
  return "{" + Repeated("\"?\":{\"a\":[1]},", size) + "\"?\":0}";
}
std::string UnknownDeep(size_t size) {
  return "{\"?\":[" + Repeated(Nested("[", "]", kDepth) + ",", size) + "0]}";
}
std::string LongNumber(size_t size) { return "{\"number\":" + std::string(size, '7') + "}"; }
std::string LongFraction(size_t size) { return "{\"number\":0." + std::string(size, '7') + "}"; }
std::string LongExponent(size_t size) { return "{\"number\":1e" + std::string(size, '7') + "}"; }
std::string LongUnknownNumber(size_t size) { return "{\"?\":" + std::string(size, '7') + "}"; }

struct Text {
  const char* name;
  std::string (*make)(size_t);
};

constexpr Text kTexts[] = {
    {"endless arrays", EndlessArrays},
    {"endless objects", EndlessObjects},
    {"deep lists", DeepLists},
    {"deep structs", DeepStructs},
    {"wide lists", WideLists},
    {"wide values", WideValues},
    {"distinct members", DistinctMembers},
    {"escapes", Escapes},
    {"other alphabets", OtherAlphabets},
    {"duplicate keys", DuplicateKeys},
    {"duplicate members", DuplicateMembers},
    {"duplicate unknown", DuplicateUnknown},
    {"unknown, deep", UnknownDeep},
    {"long number", LongNumber},
    {"long fraction", LongFraction},
    {"long exponent", LongExponent},
    {"long unknown number", LongUnknownNumber},
};

// Nanoseconds per byte of `bytes`; small texts are run more often.
template <typename Run>
double Measure(size_t bytes, const Run& run) {
  const size_t times = kSizes.back() / bytes + 1;
  const auto start = std::chrono::steady_clock::now();
  for (size_t i = 0; i < times; ++i) run();
  const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
  return taken.count() / static_cast<double>(times * bytes);
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void Show(const Text& text) {
  Limits limits;
  limits.max_message_bytes = 16 << 20;
  struct Sized {
    std::string json, binary;
    std::vector<double> read, message;
  };
  std::array<Sized, kSizes.size()> sized;
  bool ok = false;
  for (size_t i = 0; i < kSizes.size(); ++i) {
    sized[i].json = text.make(kSizes[i]);
    JsonText message;
    ok = DecodeMessage(Codec::kJson, sized[i].json, limits, message).ok();
    if (ok) message.SerializeToString(&sized[i].binary);
  }
  for (int round = 0; round < kRounds; ++round) {
    for (Sized& of : sized) {
      of.read.push_back(Measure(of.json.size(), [&] {
        JsonText message;
        if (DecodeMessage(Codec::kJson, of.json, limits, message).ok() != ok) std::abort();
      }));
      if (!ok) continue;
      of.message.push_back(Measure(of.json.size(), [&] {
        JsonText message;
        google::protobuf::io::CodedInputStream in(
            reinterpret_cast<const uint8_t*>(of.binary.data()), static_cast<int>(of.binary.size()));
        in.SetRecursionLimit(1000);
        if (!message.ParseFromCodedStream(&in)) std::abort();
      }));
    }
  }
  std::string line = absl::StrFormat("%-20s%-8s", text.name, ok ? "read" : "refused");
  for (const Sized& of : sized) absl::StrAppendFormat(&line, "%9.3f", Median(of.read));
  if (ok) {
    line += "   ";
    for (const Sized& of : sized) absl::StrAppendFormat(&line, "%9.3f", Median(of.message));
    line += "   ";
    for (const Sized& of : sized) {
      std::vector<double> own;
      for (int i = 0; i < kRounds; ++i) own.push_back(of.read[i] - of.message[i]);
      absl::StrAppendFormat(&line, "%9.3f", Median(own));
    }
  }
  std::cout << line << std::endl;
}

void Run() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
  mallopt(M_TOP_PAD, 64 << 20);
  std::cout << "ns per byte of       JSON " << std::string(15, ' ') << "read"
            << std::string(22, ' ') << "its message alone" << std::string(13, ' ')
            << "the difference\n"
            << std::string(28, ' ');
  for (int i = 0; i < 3; ++i) {
    if (i > 0) std::cout << "   ";
    std::cout << "   32 KiB    1 MiB    4 MiB";
  }
  std::cout << std::endl;
  for (const Text& text : kTexts) Show(text);
}

}  // namespace
}  // namespace runnel::benchmark

int main() { runnel::benchmark::Run(); }
