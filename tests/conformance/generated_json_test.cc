// What the generated JSON takes and refuses, and how it says so. That it agrees with protobuf's
// own is json_property's.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/dynamic_message.h"
#include "gtest/gtest.h"
#include "runtime/core/codec.h"
#include "runtime/core/message_json.h"
#include "runtime/testing/status_matchers.h"
#include "tests/conformance/json_kinds.runnel.h"

namespace runnel::conformance {
namespace {

using ::google::protobuf::Message;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kExhausted = absl::StatusCode::kResourceExhausted;

// The generated code comes with the service, when something of that is used.
const size_t methods = JsonKinds::Service().runnel_methods().size();

absl::Status Read(std::string_view json, Message& message, const Limits& limits = Limits()) {
  return DecodeMessage(Codec::kJson, json, limits, message);
}

std::string Written(const Message& message) {
  std::string json;
  EXPECT_THAT(EncodeMessage(Codec::kJson, message, json), IsOk());
  return json;
}

TEST(GeneratedJsonTest, IsThereForWhatServicesSend) {
  EXPECT_NE(FindMessageJson(Kinds::default_instance()), nullptr);
  EXPECT_NE(FindMessageJson(google::protobuf::Struct::default_instance()), nullptr);
  EXPECT_EQ(FindMessageJson(Singular::default_instance()), nullptr);
  EXPECT_NE(FindMessageJson(google::protobuf::Any::default_instance()), nullptr);
}

TEST(GeneratedJsonTest, IsNotForOtherClassesOfTheSameDescriptor) {
  google::protobuf::DynamicMessageFactory factory;
  const Message* dynamic = factory.GetPrototype(Kinds::descriptor());
  EXPECT_EQ(FindMessageJson(*dynamic), nullptr);
}

TEST(GeneratedJsonTest, ReplacesTheMessage) {
  Kinds kinds;
  kinds.mutable_singular()->set_a_string("gone");
  ASSERT_THAT(Read(R"({"singular":{"aBool":true}})", kinds), IsOk());
  EXPECT_EQ(Written(kinds), R"({"singular":{"aBool":true}})");
}

TEST(GeneratedJsonTest, RefusesWhatIsThereTwice) {
  for (std::string_view json : {
           R"({"singular":{"aInt32":1,"aInt32":1}})",
           R"({"singular":{"aInt32":1,"a_int32":1}})",
           R"({"choice":{"aInt32":1,"aString":""}})",
           R"({"choice":{"aNull":null,"aString":""}})",
           R"({"repeated":{"aInt32":[],"aInt32":[]}})",
           R"({"maps":{"byInt32":{"1":1,"1":1}}})",
           R"({"maps":{"byInt32":{"1":1,"+1":1}}})",
           R"({"wellKnown":{"aStruct":{"a":1,"a":1}}})",
       }) {
    Kinds kinds;
    EXPECT_THAT(Read(json, kinds), StatusIs(kInvalid, HasSubstr("expected no second"))) << json;
  }
  Wide wide;
  EXPECT_THAT(Read(R"({"f70":1,"f69":1,"f70":1})", wide),
              StatusIs(kInvalid, HasSubstr("f70: expected no second value")));
}

TEST(GeneratedJsonTest, RefusesAnAnyThatProtobufWouldThrowAt) {
  constexpr std::string_view kDuration =
      R"("@type":"type.googleapis.com/google.protobuf.Duration")";
  constexpr std::string_view kAny = R"("@type":"type.googleapis.com/google.protobuf.Any")";
  const std::string duration(kDuration), any(kAny);
  testing::internal::CaptureStderr();
  for (const std::string& json : {
           "{" + duration + R"(,"value":"1s","value":"1s"})",
           "{" + duration + R"(,"value":"1s","other":"1s"})",
           R"({"other":1,"value":"1s",)" + duration + "}",
           "{" + any + R"(,"value":{)" + duration + R"(,"value":"1s","other":[]}})",
       }) {
    google::protobuf::Any any_message;
    EXPECT_THAT(Read(json, any_message), StatusIs(kInvalid, HasSubstr("expected "))) << json;
    Kinds kinds;
    EXPECT_THAT(Read(R"({"repeated":{"aAny":[)" + json + "]}}", kinds),
                StatusIs(kInvalid, HasSubstr("repeated.aAny[0]")))
        << json;
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  google::protobuf::Any message;
  EXPECT_THAT(Read("{" + duration + R"(,"value":"1s"})", message), IsOk());
  EXPECT_EQ(Written(message), "{" + duration + R"(,"value":"1s"})");
}

TEST(GeneratedJsonTest, NullIsAsGoodAsNone) {
  Kinds kinds;
  ASSERT_THAT(
      Read(R"({"singular":{"aInt32":null,"aInt32":3},"maps":null,"optional":{"aNull":null},)"
           R"("choice":{"aInt32":null,"aString":"x"},"wellKnown":{"aValue":null,"aStruct":null,)"
           R"("aInt64Value":null}})",
           kinds),
      IsOk());
  EXPECT_EQ(Written(kinds),
            R"({"singular":{"aInt32":3},"optional":{"aNull":null},"choice":{"aString":"x"},)"
            R"("wellKnown":{"aValue":null}})");
}

TEST(GeneratedJsonTest, UnknownNamesAreIgnoredOrRefused) {
  constexpr std::string_view kUnknownField = R"({"nobody":{"x":[1]},"singular":{"aInt32":1}})";
  constexpr std::string_view kUnknownMood = R"({"singular":{"aMood":"MOOD_NEW","aInt32":1}})";
  Limits strict;
  strict.unknown_json = UnknownJson::kRefuse;
  for (std::string_view json : {kUnknownField, kUnknownMood}) {
    Kinds kinds;
    ASSERT_THAT(Read(json, kinds), IsOk());
    EXPECT_EQ(Written(kinds), R"({"singular":{"aInt32":1}})");
  }
  Kinds kinds;
  EXPECT_THAT(Read(kUnknownField, kinds, strict),
              StatusIs(kInvalid, HasSubstr("\"nobody\" is no field at byte 1")));
  EXPECT_THAT(Read(kUnknownMood, kinds, strict),
              StatusIs(kInvalid, HasSubstr("aMood: \"MOOD_NEW\" is no value of this enum")));
}

TEST(GeneratedJsonTest, RefusesATextThatEndsAnywhereBeforeItsEnd) {
  constexpr std::string_view kJson =
      R"( { "singular" : {"aInt32":-12,"aInt64":"-3","aDouble":1.5e-3,"aFloat":"NaN","aBool":true,)"
      R"("aString":"long enough for a vector \u00e4\ud83d\ude00","aBytes":"_w==","aMood":"MOOD_BAD",)"
      R"("nobody":[{"x":null}]},"maps":{"byInt32":{"1":2},"values":{"a":[1,{"b":"c"}]}},)"
      R"("wellKnown":{"aTimestamp":"2026-11-21T16:00:00Z","aAny":{},"aFieldMask":"a.b"}} )";
  Kinds kinds;
  ASSERT_THAT(Read(kJson, kinds), IsOk());
  for (size_t size = 0; size < kJson.size() - 1; ++size) {
    // Of exactly this size, so that a sanitizer sees who reads on.
    const std::vector<char> text(kJson.begin(), kJson.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THAT(Read({text.data(), text.size()}, kinds), StatusIs(kInvalid)) << size;
  }
}

TEST(GeneratedJsonTest, BoundsNesting) {
  Limits limits;
  limits.max_json_depth = 4;
  for (std::string_view json : {
           R"({"kinds":[{"singular":{"aMessage":{}}}]})",
           R"({"unknown":[[[[]]]]})",
           R"({"kinds":[{"wellKnown":{"aValue":[]}}]})",
           R"({"kinds":[{"wellKnown":{"aAny":{}}}]})",
       }) {
    Wide wide;
    EXPECT_THAT(Read(json, wide, limits), StatusIs(kExhausted, HasSubstr("Limits::max_json_depth")))
        << json;
    ++limits.max_json_depth;
    EXPECT_THAT(Read(json, wide, limits), IsOk()) << json;
    --limits.max_json_depth;
  }
  Wide wide;
  EXPECT_THAT(Read(R"({"kinds":)" + std::string(1 << 20, '['), wide), StatusIs(kInvalid));
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += R"({"kinds":[{"singular":{"aMessage":)";
  EXPECT_THAT(Read(deep, wide), StatusIs(kExhausted));
}

TEST(GeneratedJsonTest, WriterDoesNotFollowABottomlessMessage) {
  Kinds kinds;
  Kinds* inner = &kinds;
  for (int i = 0; i < 600; ++i) inner = inner->mutable_singular()->mutable_a_message();
  std::string json = "before";
  EXPECT_THAT(EncodeMessage(Codec::kJson, kinds, json), StatusIs(kInvalid, HasSubstr("deep")));
  EXPECT_EQ(json, "before");
}

TEST(GeneratedJsonTest, LeavesTheOutputAloneWhenAMessageHasNoJson) {
  Kinds bad_text, bad_time, bad_duration, bad_mask, bad_any;
  bad_text.mutable_repeated()->add_a_string("fine");
  bad_text.mutable_repeated()->add_a_string("long enough for a whole vector \xff");
  bad_time.mutable_well_known()->mutable_a_timestamp()->set_nanos(-1);
  bad_duration.mutable_well_known()->mutable_a_duration()->set_seconds(1);
  bad_duration.mutable_well_known()->mutable_a_duration()->set_nanos(-1);
  bad_mask.mutable_well_known()->mutable_a_field_mask()->add_paths("fooBar");
  bad_any.mutable_well_known()->mutable_a_any()->set_type_url("type.googleapis.com/no.Such");
  bad_any.mutable_well_known()->mutable_a_any()->set_value("x");
  const struct {
    const Message& message;
    std::string error;
  } kCases[] = {
      {bad_text, "conformance.Kinds.repeated.a_string[1] is not valid UTF-8"},
      {bad_time, "Timestamp of 0 s and -1 ns"},
      {bad_duration, "Duration of 1 s and -1 ns"},
      {bad_mask, "FieldMask \"fooBar\""},
      {bad_any, "no.Such"},
  };
  for (const auto& c : kCases) {
    std::string json = "before";
    EXPECT_THAT(EncodeMessage(Codec::kJson, c.message, json),
                StatusIs(kInvalid, HasSubstr(c.error)));
    EXPECT_EQ(json, "before");
  }
}

TEST(GeneratedJsonTest, BinaryFormHasUtf8InTheStringsOfProto3) {
  constexpr char kBad[] = "\xff";
  Kinds single, list, key, value, wrapper, deep, mask, type_url, choice;
  single.mutable_singular()->set_a_string(kBad);
  list.mutable_repeated()->add_a_string(kBad);
  (*key.mutable_maps()->mutable_by_string())[kBad] = "";
  (*value.mutable_maps()->mutable_values())["x"].set_string_value(kBad);
  wrapper.mutable_well_known()->mutable_a_string_value()->set_value(kBad);
  (*deep.mutable_well_known()->mutable_a_struct()->mutable_fields())["a"]
      .mutable_list_value()
      ->add_values()
      ->set_string_value(kBad);
  mask.mutable_well_known()->mutable_a_field_mask()->add_paths(kBad);
  type_url.mutable_repeated()->add_a_any()->set_type_url(kBad);
  choice.mutable_choice()->set_right(kBad);
  for (const Kinds* kinds :
       {&single, &list, &key, &value, &wrapper, &deep, &mask, &type_url, &choice}) {
    std::string bytes;
    EXPECT_THAT(EncodeMessage(Codec::kProto, *kinds, bytes),
                StatusIs(kInvalid, HasSubstr("is not valid UTF-8")))
        << kinds->ShortDebugString();
  }
  Kinds fine;
  fine.mutable_kinds2()->set_a_string(kBad);  // proto2 does not ask for it
  fine.mutable_singular()->set_a_bytes(kBad);
  std::string bytes;
  EXPECT_THAT(EncodeMessage(Codec::kProto, fine, bytes), IsOk());
  EXPECT_THAT(EncodeMessage(Codec::kJson, fine, bytes), StatusIs(kInvalid));
}

TEST(GeneratedJsonTest, NamesRequiredFieldsThatAreMissing) {
  Kinds kinds;
  EXPECT_THAT(Read(R"({"kinds2":{"named":[{"number":1}]}})", kinds),
              StatusIs(kInvalid, HasSubstr("lacks required fields: kinds2.named[0].name")));
}

TEST(GeneratedJsonTest, GroupsAreMessages) {
  constexpr std::string_view kJson = R"({"one":{"x":1},"many":[{"y":"a","inner":{"z":true}},{}]})";
  Groups groups;
  ASSERT_THAT(Read(kJson, groups), IsOk());
  EXPECT_EQ(groups.one().x(), 1);
  EXPECT_TRUE(groups.many(0).inner().z());
  EXPECT_EQ(Written(groups), kJson);
}

TEST(GeneratedJsonTest, KeepsTheSignOfZero) {
  Kinds kinds;
  kinds.mutable_singular()->set_a_double(-0.0);
  const std::string json = Written(kinds);
  EXPECT_EQ(json, R"({"singular":{"aDouble":-0}})");
  Kinds read;
  ASSERT_THAT(Read(json, read), IsOk());
  EXPECT_EQ(Written(read), json);
}

TEST(GeneratedJsonTest, UnknownNamesInAMapLeaveTheEntry) {
  Kinds kinds;
  ASSERT_THAT(
      Read(R"({"kinds2":{"closedByString":{"a":"9NEW"}},"maps":{"byFixed64":{"1":"X"}}})", kinds),
      IsOk());
  EXPECT_EQ(Written(kinds), R"({"maps":{"byFixed64":{"1":"MOOD_UNKNOWN"}},)"
                            R"("kinds2":{"closedByString":{"a":"CLOSED_ZERO"}}})");
}

TEST(GeneratedJsonTest, NumbersThatAClosedEnumLacksBecomeUnknownFields) {
  Kinds kinds;
  ASSERT_THAT(
      Read(R"({"kinds2":{"aClosed":5,"someClosed":[1,6],"closedByString":{"a":7,"b":1}}})", kinds),
      IsOk());
  EXPECT_FALSE(kinds.kinds2().has_a_closed());
  EXPECT_EQ(kinds.kinds2().some_closed_size(), 1);
  EXPECT_EQ(kinds.kinds2().closed_by_string_size(), 1);
  EXPECT_EQ(kinds.kinds2().unknown_fields().field_count(), 2);
}

TEST(GeneratedJsonTest, ReadsBothNamesOfAField) {
  Kinds kinds;
  ASSERT_THAT(Read(R"({"singular":{"swapped_a":"a","swapped_b":"b","other \"name\" <)"
                   "\u00e4"
                   R"(>":"r","SHOUTED":"s","class":"c"}})",
                   kinds),
              IsOk());
  // A JSON name goes before the name of another field.
  EXPECT_EQ(kinds.singular().swapped_b(), "a");
  EXPECT_EQ(kinds.singular().swapped_a(), "b");
  EXPECT_EQ(kinds.singular().renamed(), "r");
  EXPECT_EQ(kinds.singular().shouted(), "s");
  EXPECT_EQ(kinds.singular().class_(), "c");
}

}  // namespace
}  // namespace runnel::conformance
