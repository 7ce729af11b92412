// Compares the generated JSON with protobuf's own, on random messages and random texts.
//
//   bazel run //tests/conformance:json_property -- --seed S --messages N
//
// For each message: both write the same text; what is written reads back as the message, by both;
// another text that says the same reads as the message, by both; and a text with random edits that
// the generated code takes is read by protobuf too, as the same message. Ends with
// `N agree, 0 differ`, and with exit code 1 when any differ. `--first I` begins at message I.

#include <cstdint>
#include <initializer_list>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/status/status.h"
#include "google/protobuf/util/json_util.h"
#include "runtime/core/codec.h"
#include "runtime/core/json_scan.h"
#include "runtime/core/message_json.h"
#include "tests/conformance/json_comparison.h"
#include "tests/conformance/json_kinds.runnel.h"
#include "tests/conformance/random_message.h"

ABSL_FLAG(uint64_t, seed, 0, "of the random messages; 0 takes another each time");
ABSL_FLAG(uint64_t, messages, 10000, "how many to compare");
ABSL_FLAG(uint64_t, first, 0, "the message to begin with");

namespace runnel::conformance {
namespace {

using google::protobuf::Message;

class Comparison {
 public:
  // Whether the two agree on everything about the `index`th message; says what not.
  bool Agree(uint64_t seed, uint64_t index) {
    Random random(seed, index);
    std::unique_ptr<Message> message(Prototype(random).New());
    FillRandomly(random, *message);
    return SameText(*message) && ReadsBack(*message, text_) &&
           ReadsBack(*message, VariedJson(random, *message)) && EditsAgree(random, *message);
  }

  const std::string& complaint() const { return complaint_; }
  uint64_t edits_taken() const { return edits_taken_; }

 private:
  static const Message& Prototype(Random& random) {
    switch (random.Below(16)) {
      case 0:
        return google::protobuf::Value::default_instance();
      case 1:
        return google::protobuf::Timestamp::default_instance();
      case 2:
        return google::protobuf::Struct::default_instance();
      case 3:
        return Wide::default_instance();
      default:
        return Kinds::default_instance();
    }
  }

  bool Complain(std::string_view what, std::string_view json, std::string_view detail) {
    complaint_ = std::string(what) + "\n  " + std::string(json) + "\n  " + std::string(detail);
    return false;
  }

  bool SameText(const Message& message) {
    text_.clear();
    const absl::Status written = EncodeMessage(Codec::kJson, message, text_);
    if (!written.ok()) return Complain("not written", message.DebugString(), written.ToString());
    std::string protobufs;
    if (!google::protobuf::util::MessageToJsonString(message, &protobufs).ok()) {
      return Complain("protobuf does not write it", text_, "");
    }
    return text_ == protobufs || Complain("protobuf writes another text", text_, protobufs);
  }

  bool ReadsBack(const Message& message, const std::string& json) {
    const std::string expected = DeterministicBytes(message);
    std::unique_ptr<Message> read(message.New());
    const absl::Status status = DecodeMessage(Codec::kJson, json, Limits(), *read);
    if (!status.ok()) return Complain("not read", json, status.ToString());
    if (DeterministicBytes(*read) != expected) {
      return Complain("read as another message", json,
                      message.ShortDebugString() + "\n  " + read->ShortDebugString());
    }
    read->Clear();
    const absl::Status by_protobuf = ReadByProtobuf(json, *read);
    if (!by_protobuf.ok()) {
      return Complain("protobuf does not read it", json, by_protobuf.ToString());
    }
    if (DeterministicBytes(*read) != expected) {
      return Complain("protobuf reads it as another message", json,
                      message.ShortDebugString() + "\n  " + read->ShortDebugString());
    }
    return true;
  }

  bool EditsAgree(Random& random, const Message& message) {
    constexpr std::string_view kBytes = "{}[]\",:\\u0019.-+eEtfnNlZs_/= aAzBcCxX\xc3\xbc";
    std::string json = text_;
    for (size_t edits = 1 + random.Below(2); edits > 0 && !json.empty(); --edits) {
      const size_t at = random.Below(json.size());
      switch (random.Below(3)) {
        case 0:
          json.erase(at, 1 + random.Below(3));
          break;
        case 1:
          json.insert(at, 1, kBytes[random.Below(kBytes.size())]);
          break;
        default:
          json[at] = kBytes[random.Below(kBytes.size())];
      }
    }
    std::unique_ptr<Message> ours(message.New());
    if (!DecodeMessage(Codec::kJson, json, Limits(), *ours).ok()) return true;
    ++edits_taken_;
    const absl::Status scanned = ScanJson(json, Limits().max_json_depth);
    if (!scanned.ok()) return Complain("taken, and is no JSON", json, scanned.ToString());
    const std::string difference = Difference(json, *ours);
    return difference.empty() || Complain("taken", json, difference);
  }

  std::string text_;
  std::string complaint_;
  uint64_t edits_taken_ = 0;
};

int Run(uint64_t seed, uint64_t first, uint64_t messages) {
  // The generated code comes with the service, when something of that is used.
  JsonKinds::Service().runnel_methods();
  for (const Message* type :
       std::initializer_list<const Message*>{&Kinds::default_instance(), &Wide::default_instance(),
                                             &google::protobuf::Value::default_instance()}) {
    if (FindMessageJson(*type) == nullptr) {
      std::cout << type->GetTypeName() << " has no generated JSON\n";
      return 1;
    }
  }
  std::cout << "seed " << seed << std::endl;
  Comparison comparison;
  uint64_t differ = 0;
  for (uint64_t index = first; index < first + messages; ++index) {
    if (comparison.Agree(seed, index)) continue;
    constexpr uint64_t kShown = 5;
    if (++differ <= kShown) {
      std::cout << "message " << index << ": " << comparison.complaint() << std::endl;
    }
  }
  std::cout << comparison.edits_taken() << " texts were still valid after random edits\n"
            << messages - differ << " agree, " << differ << " differ" << std::endl;
  return differ == 0 ? 0 : 1;
}

}  // namespace
}  // namespace runnel::conformance

int main(int argc, char* argv[]) {
  absl::ParseCommandLine(argc, argv);
  uint64_t seed = absl::GetFlag(FLAGS_seed);
  if (seed == 0) seed = std::random_device{}();
  return runnel::conformance::Run(seed, absl::GetFlag(FLAGS_first), absl::GetFlag(FLAGS_messages));
}
