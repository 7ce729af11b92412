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
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/util/json_util.h"
#include "runtime/core/codec.h"
#include "runtime/core/json_scan.h"
#include "runtime/core/message_json.h"
#include "runtime/core/string_view.h"
#include "tests/conformance/json_kinds.runnel.h"
#include "tests/conformance/random_message.h"

ABSL_FLAG(uint64_t, seed, 0, "of the random messages; 0 takes another each time");
ABSL_FLAG(uint64_t, messages, 10000, "how many to compare");
ABSL_FLAG(uint64_t, first, 0, "the message to begin with");

namespace runnel::conformance {
namespace {

using google::protobuf::Message;

std::string Bytes(const Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  message.SerializePartialToCodedStream(&out);
  out.Trim();
  return bytes;
}

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

  // protobuf's reader, as the codec uses it where there is no generated code.
  static absl::Status ReadByProtobuf(std::string_view json, Message& message) {
    google::protobuf::LogSilencer silencer;
    google::protobuf::util::JsonParseOptions options;
    options.ignore_unknown_fields = true;
    try {
      const auto status = google::protobuf::util::JsonStringToMessage({json.data(), json.size()},
                                                                      &message, options);
      if (status.ok()) return absl::OkStatus();
      return absl::InvalidArgumentError(status.message().ToString());
    } catch (const google::protobuf::FatalException& error) {
      return absl::InternalError(error.what());
    }
  }

  bool ReadsBack(const Message& message, const std::string& json) {
    const std::string expected = Bytes(message);
    std::unique_ptr<Message> read(message.New());
    const absl::Status status = DecodeMessage(Codec::kJson, json, Limits(), *read);
    if (!status.ok()) return Complain("not read", json, status.ToString());
    if (Bytes(*read) != expected) {
      return Complain("read as another message", json,
                      message.ShortDebugString() + "\n  " + read->ShortDebugString());
    }
    read->Clear();
    const absl::Status by_protobuf = ReadByProtobuf(json, *read);
    if (!by_protobuf.ok()) {
      return Complain("protobuf does not read it", json, by_protobuf.ToString());
    }
    if (Bytes(*read) != expected) {
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
    // protobuf loses the sign of -0, and has its own ideas of field masks that are none.
    for (const char* differs : {"-0", "ieldMask", "ield_mask"}) {
      if (json.find(differs) != std::string::npos) return true;
    }
    std::unique_ptr<Message> ours(message.New()), protobufs(message.New());
    if (!DecodeMessage(Codec::kJson, json, Limits(), *ours).ok()) return true;
    ++edits_taken_;
    const absl::Status scanned = ScanJson(json, Limits().max_json_depth);
    if (!scanned.ok()) return Complain("taken, and is no JSON", json, scanned.ToString());
    const absl::Status by_protobuf = ReadByProtobuf(json, *protobufs);
    if (!by_protobuf.ok()) {
      if (MayRefuse(StdView(by_protobuf.message()))) return true;
      return Complain("taken, and protobuf refuses it", json, by_protobuf.ToString());
    }
    return Bytes(*ours) == Bytes(*protobufs) ||
           Complain("taken, and protobuf reads another message", json,
                    ours->ShortDebugString() + "\n  " + protobufs->ShortDebugString());
  }

  // Where JSON.md says so. It looks at the names and numbers of unknown fields too, and takes
  // neither points nor exponents nor the sign of an unsigned zero in the quotation marks of an
  // integer.
  static bool MayRefuse(std::string_view error) {
    for (const char* reason : {"exceeds the range", "fields must have a name"}) {
      if (error.find(reason) != std::string_view::npos) return true;
    }
    constexpr std::string_view kInvalid = "invalid value \"";
    const size_t start = error.find(kInvalid);
    const bool is_integer = error.find("INT") != std::string_view::npos ||
                            error.find("FIXED") != std::string_view::npos;
    if (start == std::string_view::npos || !is_integer) return false;
    std::string_view value = error.substr(start + kInvalid.size());
    value = value.substr(0, value.find('"'));
    const bool is_number = value.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
    return is_number && (value.find_first_of(".eE") != std::string_view::npos ||
                         value.find_first_not_of("-0") == std::string_view::npos);
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
