// The generated JSON of a message with every kind of field: what is taken is strict JSON, reads as
// the same message after it was written, in both codecs, and is to protobuf's own what it is to us,
// but for what tests/conformance/JSON.md lists.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/struct.pb.h"
#include "runtime/core/codec.h"
#include "runtime/core/json_scan.h"
#include "tests/conformance/json_comparison.h"
#include "tests/conformance/json_kinds.runnel.h"
#include "tests/fuzz/fuzzer.h"

namespace runnel::fuzz {
namespace {

using conformance::DeterministicBytes;
using google::protobuf::Message;

// The generated code comes with the service, when something of that is used.
const size_t methods = conformance::JsonKinds::Service().runnel_methods().size();

const Message& Prototype(uint8_t choice) {
  switch (choice % 8) {
    case 1:
      return conformance::Wide::default_instance();
    case 2:
      return google::protobuf::Value::default_instance();
    case 3:
      return google::protobuf::Any::default_instance();
    case 4:
      return google::protobuf::Timestamp::default_instance();
    default:
      return conformance::Kinds::default_instance();
  }
}

// A google.protobuf.NullValue takes any number, as an open enum does, and is null in JSON whichever
// it has: here it gets the one that null is read as.
void ResetNulls(Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    const int size = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    const bool null = field->enum_type() != nullptr &&
                      field->enum_type() == google::protobuf::NullValue_descriptor();
    for (int i = 0; i < size; ++i) {
      if (null && field->is_repeated()) {
        reflection.SetRepeatedEnumValue(&message, field, i, 0);
      } else if (null) {
        reflection.SetEnumValue(&message, field, 0);
      } else if (field->message_type() != nullptr) {
        ResetNulls(field->is_repeated() ? *reflection.MutableRepeatedMessage(&message, field, i)
                                        : *reflection.MutableMessage(&message, field));
      }
    }
  }
}

void Check(std::string_view json) {
  const uint8_t choice = TakeByte(json);
  const Message& prototype = Prototype(choice);
  Limits limits;
  if (choice >= 128) limits.unknown_json = UnknownJson::kRefuse;
  std::unique_ptr<Message> message(prototype.New());
  const absl::Status read = DecodeMessage(Codec::kJson, json, limits, *message);
  if (!read.ok()) {
    Require(read.code() == absl::StatusCode::kInvalidArgument ||
                read.code() == absl::StatusCode::kResourceExhausted,
            "what is refused is wrong or too large");
    return;
  }
  const absl::Status scanned = ScanJson(json, limits.max_json_depth);
  Require(scanned.ok(), absl::StrCat("what is taken is JSON: ", scanned.ToString()));

  // Numbers that a closed enum lacks are unknown fields, which JSON has not.
  message->DiscardUnknownFields();
  ResetNulls(*message);
  std::string text;
  const absl::Status written = EncodeMessage(Codec::kJson, *message, text);
  Require(written.ok(), absl::StrCat("what was read is written: ", written.ToString()));
  std::unique_ptr<Message> again(prototype.New());
  const absl::Status reread = DecodeMessage(Codec::kJson, text, limits, *again);
  Require(reread.ok(), absl::StrCat("what was written is read: ", reread.ToString(), "\n", text));
  RequireEqual(DeterministicBytes(*message), DeterministicBytes(*again), "it is the same");
  std::string binary;
  Require(EncodeMessage(Codec::kProto, *message, binary).ok(), "it has a binary form");
  Require(DecodeMessage(Codec::kProto, binary, limits, *again).ok(), "which is read");
  RequireEqual(DeterministicBytes(*message), DeterministicBytes(*again), "as the same");

  if (limits.unknown_json == UnknownJson::kRefuse) return;
  Require(DecodeMessage(Codec::kJson, json, limits, *again).ok(), "it is taken twice");
  const std::string difference = conformance::Difference(json, *again);
  Require(difference.empty(), difference);
}

std::vector<std::string> Seeds() {
  const std::string kinds(1, '\0');
  std::vector<std::string> seeds;
  for (
      const char* json : {
          R"({"singular":{"aInt32":-12,"aInt64":"-3","aUint32":4294967295,"aUint64":"1e3"}})",
          R"({"singular":{"aDouble":1.5e-3,"aFloat":"NaN","aBool":true,"aString":"\u00e4\n<"}})",
          R"({"singular":{"aBytes":"_w==","aMood":"MOOD_BAD","a_sint32":7,"SHOUTED":"x"}})",
          R"({"optional":{"aInt32":0,"aNull":null,"aMood":77,"aString":""}})",
          R"({"repeated":{"aInt32":[1,2,3],"aString":["a",""],"aMessage":[{},{"singular":{}}]}})",
          R"({"repeated":{"aValue":[1,"x",null,[true],{"a":{}}],"aDuration":["1.5s","-0.5s"]}})",
          R"({"repeated":{"aFieldMask":["a.bC,d"],"aInt64Value":["5"],"aNull":[null]}})",
          R"({"maps":{"byInt32":{"1":2,"-1":3},"byBool":{"true":true},"byString":{"a":"b"}}})",
          R"({"maps":{"byFixed32":{"1":"AA=="},"bySfixed64":{"1":"2026-11-21T16:00:00Z"}}})",
          R"({"maps":{"messages":{"k":{"choice":{"aDouble":1}}},"wrappers":{"w":"x"}}})",
          R"({"choice":{"aString":"x","left":"y"}})",
          R"({"choice":{"aValue":{"a":[1]},"aInt32":null}})",
          R"({"wellKnown":{"aTimestamp":"1969-12-31T16:00:01.5-08:00","aEmpty":{},"aNull":null}})",
          R"({"wellKnown":{"aStruct":{"a":[1,{"b":null}]},"aListValue":[[]],"aAny":{}}})",
          R"({"wellKnown":{"aAny":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"}}})",
          R"({"wellKnown":{"aAny":{"@type":"type.googleapis.com/runnel.conformance.Singular","aInt32":1}}})",
          R"({"wellKnown":{"aDoubleValue":1,"aBoolValue":false,"aBytesValue":"","aUint64Value":"0"}})",
          R"({"kinds2":{"aClosed":"CLOSED_ONE","someClosed":[1,6],"closedByString":{"a":7}}})",
          R"({"kinds2":{"named":[{"name":"n","number":1}],"packedInt32":[1],"bChoice":0}})",
          R"({"nobody":[{"x":1e400}],"":0})",
      }) {
    seeds.push_back(kinds + json);
  }
  seeds.push_back(
      "\x01"
      R"({"f1":1,"f70":-1,"kinds":[{"singular":{"far":5}}]})");
  seeds.push_back(
      "\x02"
      R"({"a":[1,"x",null,true,{"b":[]}]})");
  seeds.push_back(
      "\x03"
      R"({"@type":"type.googleapis.com/google.protobuf.Value","value":[1]})");
  seeds.push_back(
      "\x04"
      R"("2026-11-21T16:00:00.123456789+01:00")");
  seeds.push_back(
      "\x80"
      R"({"singular":{"aMood":"MOOD_FINE"}})");
  return seeds;
}

const Fuzzer fuzzer("json", Check, Seeds);

}  // namespace
}  // namespace runnel::fuzz
