// What the generated JSON says of a text it refuses: the path, what it expected, and the offset.

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "runtime/core/codec.h"
#include "runtime/testing/status_matchers.h"
#include "tests/conformance/json_kinds.runnel.h"

namespace runnel::conformance {
namespace {

// The generated code comes with the service, when something of that is used.
const size_t methods = JsonKinds::Service().runnel_methods().size();

struct Case {
  std::string json, error;
};

constexpr char kInt32[] = "expected a whole number from -2147483648 to 2147483647";
constexpr char kTime[] = "expected a time such as \"2026-11-21T16:00:00Z\", of the years 1 to 9999";

class JsonErrorsTest : public testing::Test {
 protected:
  // The whole of the message.
  template <size_t kSize>
  void Expect(const Case (&cases)[kSize],
              absl::StatusCode code = absl::StatusCode::kInvalidArgument) {
    for (const Case& c : cases) {
      Kinds kinds;
      const absl::Status status = DecodeMessage(Codec::kJson, c.json, limits_, kinds);
      EXPECT_EQ(status.code(), code) << c.json;
      EXPECT_EQ(status.message(),
                absl::StrCat("JSON is no valid runnel.conformance.Kinds: ", c.error))
          << c.json;
    }
  }

  Limits limits_;
};

TEST_F(JsonErrorsTest, InFieldsOfEveryKind) {
  const Case kCases[] = {
      {R"({"singular":{"aInt32":[]}})", absl::StrCat("singular.aInt32: ", kInt32, " at byte 22")},
      {R"({"singular":{"aInt64":true}})",
       "singular.aInt64: expected a whole number from -9223372036854775808 to 9223372036854775807 "
       "at byte 22"},
      {R"({"singular":{"aUint32":-1}})",
       "singular.aUint32: expected a whole number from 0 to 4294967295 at byte 23"},
      {R"({"singular":{"a_uint64":1.5}})",
       "singular.aUint64: expected a whole number from 0 to 18446744073709551615 at byte 24"},
      {R"({"singular":{"aInt32":01}})",
       "singular.aInt32: expected no digit after a leading 0 at byte 23"},
      {R"({"singular":{"aFloat":1e39}})",
       "singular.aFloat: expected a number that a float can hold at byte 22"},
      {R"({"singular":{"aDouble":"one"}})", "singular.aDouble: expected a number at byte 23"},
      {R"({"singular":{"aBool":"true"}})", "singular.aBool: expected true or false at byte 21"},
      {R"({"singular":{"aString":[]}})", "singular.aString: expected a string at byte 23"},
      {R"({"singular":{"aBytes":5}})", "singular.aBytes: expected base64 in a string at byte 22"},
      {R"({"singular":{"aBytes":"a?"}})",
       "singular.aBytes: expected base64 (invalid base64 at byte 1: not a character of the "
       "alphabet) at byte 22"},
      {R"({"singular":{"aMood":1.5}})",
       "singular.aMood: expected the name or the number of an enum at byte 21"},
      {R"({"kinds2":{"aClosed":[]}})",
       "kinds2.aClosed: expected the name or the number of an enum at byte 21"},
      {R"({"singular":{"aMessage":[]}})", "singular.aMessage: expected an object at byte 24"},
      {R"({"optional":{"aBool":2}})", "optional.aBool: expected true or false at byte 21"},
  };
  Expect(kCases);
}

TEST_F(JsonErrorsTest, InListsAndNestedMessages) {
  const Case kCases[] = {
      {R"({"repeated":{"aDouble":[1,2,3,"x"]}})",
       "repeated.aDouble[3]: expected a number at byte 30"},
      {R"({"repeated":{"aMessage":[{},{"singular":{"aInt32":1.5}}]}})",
       absl::StrCat("repeated.aMessage[1].singular.aInt32: ", kInt32, " at byte 50")},
      {R"({"repeated":{"aMessage":[null]}})",
       "repeated.aMessage[0]: expected an object at byte 25"},
      {R"({"repeated":{"aInt32":3}})", "repeated.aInt32: expected a list at byte 22"},
      {R"({"repeated":{"aInt32":[1 2]}})",
       "repeated.aInt32[0]: expected ',' or ']' after an element at byte 25"},
      {R"({"repeated":{"aMood":[0,[]]}})",
       "repeated.aMood[1]: expected the name or the number of an enum at byte 24"},
      {R"({"kinds2":{"named":[{"name":1}]}})",
       "kinds2.named[0].name: expected a string at byte 28"},
  };
  Expect(kCases);
}

TEST_F(JsonErrorsTest, InMaps) {
  const Case kCases[] = {
      {R"({"maps":{"byInt32":{"x":1}}})",
       absl::StrCat("maps.byInt32[\"x\"]: ", kInt32, " as the key at byte 20")},
      {R"({"maps":{"byBool":{"yes":true}}})",
       "maps.byBool[\"yes\"]: expected true or false as the key at byte 19"},
      {R"({"maps":{"byInt32":{"1":"x"}}})",
       absl::StrCat("maps.byInt32[\"1\"]: ", kInt32, " at byte 24")},
      {R"({"maps":{"byInt32":{"1":1,"1":2}}})",
       "maps.byInt32[\"1\"]: expected no second entry of this key at byte 26"},
      {R"({"maps":{"byInt32":{1:2}}})", "maps.byInt32: expected a key at byte 20"},
      {R"({"maps":{"byInt32":[]}})", "maps.byInt32: expected an object at byte 19"},
      {R"({"maps":{"messages":{"k\n":{"singular":{"aString":1}}}}})",
       "maps.messages[\"k\\n\"].singular.aString: expected a string at byte 50"},
      {R"({"maps":{"bySfixed64":{"1":"noon"}}})",
       absl::StrCat("maps.bySfixed64[\"1\"]: ", kTime, " at byte 27")},
      {R"({"maps":{"values":{"a":[1,{"b":nul}]}}})",
       "maps.values[\"a\"][1][\"b\"]: expected a value at byte 31"},
      {R"({"maps":{"wrappers":{"a":1}}})", "maps.wrappers[\"a\"]: expected a string at byte 25"},
      {R"({"maps":{"byInt32":{")" + std::string(200, 'k') + R"(":1}}})",
       absl::StrCat("maps.byInt32[\"", std::string(64, 'k'), "\"]: ", kInt32,
                    " as the key at byte 20")},
  };
  Expect(kCases);
}

TEST_F(JsonErrorsTest, InOneofs) {
  const Case kCases[] = {
      {R"({"choice":{"aInt32":"x"}})", absl::StrCat("choice.aInt32: ", kInt32, " at byte 20")},
      {R"({"choice":{"aInt32":1,"aString":"x"}})",
       "choice.aString: expected no second value of this field or its oneof at byte 32"},
      {R"({"choice":{"aMessage":{"choice":{"aDouble":[]}}}})",
       "choice.aMessage.choice.aDouble: expected a number at byte 43"},
      {R"({"choice":{"aDuration":5}})", "choice.aDuration: expected a string at byte 23"},
      {R"({"singular":{"aInt32":1,"a_int32":1}})",
       "singular.aInt32: expected no second value of this field or its oneof at byte 34"},
  };
  Expect(kCases);
}

TEST_F(JsonErrorsTest, InWellKnownTypes) {
  const Case kCases[] = {
      {R"({"wellKnown":{"aTimestamp":"2026-02-30T00:00:00Z"}})",
       absl::StrCat("wellKnown.aTimestamp: ", kTime, " at byte 27")},
      {R"({"repeated":{"aDuration":["1"]}})",
       "repeated.aDuration[0]: expected a duration such as \"1.5s\", of at most 315576000000 s at "
       "byte 26"},
      {R"({"repeated":{"aFieldMask":["a_b"]}})",
       "repeated.aFieldMask[0]: expected field paths in lowerCamelCase, with commas between them "
       "at byte 27"},
      {R"({"repeated":{"aListValue":[[1,[tru]]]}})",
       "repeated.aListValue[0][1][0]: expected true or false at byte 31"},
      {R"({"wellKnown":{"aStruct":{"a":[1,{"b":"\q"}]}}})",
       "wellKnown.aStruct[\"a\"][1][\"b\"]: expected one of \"\\/bfnrtu after a backslash at byte "
       "38"},
      {R"({"wellKnown":{"aStruct":{"a":1,"a":1}}})",
       "wellKnown.aStruct[\"a\"]: expected no second entry of this key at byte 31"},
      {R"({"wellKnown":{"aValue":}})", "wellKnown.aValue: expected a value at byte 23"},
      {R"({"wellKnown":{"aValue":1e999}})", "wellKnown.aValue: expected a number at byte 23"},
      {R"({"wellKnown":{"aEmpty":[]}})", "wellKnown.aEmpty: expected an object at byte 23"},
      {R"({"wellKnown":{"aUint64Value":-1}})",
       "wellKnown.aUint64Value: expected a whole number from 0 to 18446744073709551615 at byte "
       "29"},
  };
  Expect(kCases);
}

// What is in it is read by protobuf, which names the path in its own way and no offset: then it is
// that of the Any.
TEST_F(JsonErrorsTest, InAny) {
  const Case kCases[] = {
      {R"({"wellKnown":{"aAny":5}})", "wellKnown.aAny: expected an object at byte 21"},
      {R"({"wellKnown":{"aAny":{"a":[1,]}}})",
       "wellKnown.aAny[\"a\"][1]: expected a value at byte 29"},
      {R"({"wellKnown":{"aAny":{"a":[{"b":1,"b":2}]}}})",
       "wellKnown.aAny[\"a\"][0][\"b\"]: expected no second entry of this key at byte 34"},
      {R"({"repeated":{"aAny":[{},{"@type":"type.googleapis.com/no.Such"}]}})",
       "repeated.aAny[1]: invalid value Invalid type URL, unknown type: no.Such for type Any at "
       "byte 24"},
      {R"({"wellKnown":{"aAny":{"@type":"type.googleapis.com/runnel.conformance.Kinds",)"
       R"("singular":{"aInt32":"x"}}}})",
       "wellKnown.aAny: (singular.a_int32): invalid value \"x\" for type TYPE_INT32 at byte 21"},
  };
  Expect(kCases);
}

TEST_F(JsonErrorsTest, InTextThatIsNoJson) {
  const Case kCases[] = {
      {R"({"singular" 1})", "expected ':' after a key at byte 12"},
      {R"({"singular":{},})", "expected a key at byte 15"},
      {R"({singular:{}})", "expected a key at byte 1"},
      {R"({"unknown":[1,}]})", "expected a value at byte 14"},
      {R"({} x)", "expected the end after the value at byte 3"},
      {R"({}{})", "expected the end after the value at byte 2"},
      {R"([])", "expected an object at byte 0"},
      {R"(null)", "expected an object at byte 0"},
      {"", "expected an object at byte 0"},
      {" \n", "expected an object at byte 2"},
      {"{\"singular\":{\"aString\":\"a\nb\"}}",
       "singular.aString: expected control characters in a string to be escaped at byte 25"},
      {R"({"singular":{"aString":"\ud800"}})",
       "singular.aString: expected surrogates in a pair at byte 24"},
  };
  Expect(kCases);
}

TEST_F(JsonErrorsTest, InTextThatEndsTooEarly) {
  const Case kCases[] = {
      {R"({"singular":{"aInt32":1)", "singular: expected ',' or '}' after a member at byte 23"},
      {R"({"singular":{"aInt32":)", absl::StrCat("singular.aInt32: ", kInt32, " at byte 22")},
      {R"({"singular":{"aString":"abc)",
       "singular.aString: the text ends inside a string at byte 27"},
      {R"({"singular":{"aBool":tr)", "singular.aBool: expected true or false at byte 21"},
      {R"({"singular":{"aDouble":1.)", "singular.aDouble: expected a digit after '.' at byte 25"},
      {R"({"singular":{"aDouble":-)", "singular.aDouble: expected a digit at byte 24"},
      {R"({"repeated":{"aInt32":[1,2)",
       "repeated.aInt32[1]: expected ',' or ']' after an element at byte 26"},
      {R"({"maps":{"byInt32":{"1")", "maps.byInt32: expected ':' after a key at byte 23"},
      {R"({"maps":{"byInt32":{"1":)", absl::StrCat("maps.byInt32[\"1\"]: ", kInt32, " at byte 24")},
      {R"({"wellKnown":{"aStruct":{"a":[)",
       "wellKnown.aStruct[\"a\"][0]: expected a value at byte 30"},
      {R"({"wellKnown":{"aAny":{"a":[)",
       "wellKnown.aAny[\"a\"][0]: expected a value, not the end at byte 27"},
      {R"({"nobody":{"a":[)", "expected a value, not the end at byte 16"},
  };
  Expect(kCases);
}

TEST_F(JsonErrorsTest, WhereTextIsNotUtf8) {
  const std::string bad = "\xff";
  const Case kCases[] = {
      {R"({"singular":{"aString":")" + bad, "singular.aString: expected valid UTF-8 at byte 24"},
      {R"({"singular":{"aBytes":")" + bad, "singular.aBytes: expected valid UTF-8 at byte 23"},
      {R"({"singular":{"aInt32":")" + bad, "singular.aInt32: expected valid UTF-8 at byte 23"},
      {R"({"singular":{"aDouble":")" + bad, "singular.aDouble: expected valid UTF-8 at byte 24"},
      {R"({"singular":{"aMood":")" + bad, "singular.aMood: expected valid UTF-8 at byte 22"},
      {R"({"kinds2":{"aString":")" + bad, "kinds2.aString: expected valid UTF-8 at byte 22"},
      {R"({"repeated":{"aString":["",")" + bad,
       "repeated.aString[1]: expected valid UTF-8 at byte 28"},
      {R"({"maps":{"byString":{")" + bad, "maps.byString: expected valid UTF-8 at byte 22"},
      {R"({"maps":{"byString":{"a":")" + bad,
       "maps.byString[\"a\"]: expected valid UTF-8 at byte 26"},
      {R"({"choice":{"aString":")" + bad, "choice.aString: expected valid UTF-8 at byte 22"},
      {R"({"wellKnown":{"aTimestamp":")" + bad,
       "wellKnown.aTimestamp: expected valid UTF-8 at byte 28"},
      {R"({"wellKnown":{"aDuration":")" + bad,
       "wellKnown.aDuration: expected valid UTF-8 at byte 27"},
      {R"({"wellKnown":{"aFieldMask":")" + bad,
       "wellKnown.aFieldMask: expected valid UTF-8 at byte 28"},
      {R"({"wellKnown":{"aStruct":{")" + bad, "wellKnown.aStruct: expected valid UTF-8 at byte 26"},
      {R"({"wellKnown":{"aStruct":{"a":")" + bad,
       "wellKnown.aStruct[\"a\"]: expected valid UTF-8 at byte 30"},
      {R"({"wellKnown":{"aStringValue":")" + bad,
       "wellKnown.aStringValue: expected valid UTF-8 at byte 30"},
      {R"({"wellKnown":{"aAny":{"@type":")" + bad,
       "wellKnown.aAny[\"@type\"]: expected valid UTF-8 at byte 31"},
      {R"({"singular":{"nobody":")" + bad, "singular: expected valid UTF-8 at byte 23"},
      {R"({")" + bad, "expected valid UTF-8 at byte 2"},
  };
  Expect(kCases);
}

TEST_F(JsonErrorsTest, OfNamesThatNobodyKnows) {
  limits_.unknown_json = UnknownJson::kRefuse;
  const Case kCases[] = {
      {R"({"nobody":1})", "\"nobody\" is no field at byte 1"},
      {R"({"no\u0000body\n":1})", "\"no\\u0000body\\n\" is no field at byte 1"},
      {R"({"singular":{"nobody":1}})", "singular: \"nobody\" is no field at byte 13"},
      {R"({"repeated":{"aMessage":[{},{"maps":{"nobody":1}}]}})",
       "repeated.aMessage[1].maps: \"nobody\" is no field at byte 37"},
      {R"({"maps":{"messages":{"k":{"nobody":1}}}})",
       "maps.messages[\"k\"]: \"nobody\" is no field at byte 26"},
      {R"({"choice":{"nobody":null}})", "choice: \"nobody\" is no field at byte 11"},
      {R"({"wellKnown":{"aEmpty":{"nobody":1}}})",
       "wellKnown.aEmpty: \"nobody\" is no field at byte 24"},
      {R"({"wellKnown":{"aAny":{"@type":"type.googleapis.com/runnel.conformance.Singular",)"
       R"("nobody":1}}})",
       "wellKnown.aAny: nobody: Cannot find field. at byte 21"},
      {R"({"singular":{"aMood":"NEW"}})",
       "singular.aMood: \"NEW\" is no value of this enum at byte 21"},
      {R"({"repeated":{"aMood":["MOOD_BAD","NEW"]}})",
       "repeated.aMood[1]: \"NEW\" is no value of this enum at byte 33"},
      {R"({"maps":{"byFixed64":{"7":"NEW"}}})",
       "maps.byFixed64[\"7\"]: \"NEW\" is no value of this enum at byte 26"},
      {R"({"kinds2":{"aClosed":"NEW"}})",
       "kinds2.aClosed: \"NEW\" is no value of this enum at byte 21"},
  };
  Expect(kCases);
}

TEST_F(JsonErrorsTest, OfDepth) {
  limits_.max_json_depth = 5;
  constexpr char kDeep[] = "nested more than 5 deep (the limit is Limits::max_json_depth)";
  const Case kCases[] = {
      {R"({"singular":{"aMessage":{"singular":{"aMessage":{"singular":{}}}}}})",
       absl::StrCat("singular.aMessage.singular.aMessage.singular: ", kDeep, " at byte 60")},
      {R"({"repeated":{"aMessage":[{"repeated":{"aInt32":[]}}]}})",
       absl::StrCat("repeated.aMessage[0].repeated.aInt32: ", kDeep, " at byte 47")},
      {R"({"maps":{"messages":{"k":{"singular":{"aMessage":{}}}}}})",
       absl::StrCat("maps.messages[\"k\"].singular.aMessage: ", kDeep, " at byte 49")},
      {R"({"wellKnown":{"aValue":[[[[1]]]]}})",
       absl::StrCat("wellKnown.aValue[0][0][0]: ", kDeep, " at byte 26")},
      {R"({"wellKnown":{"aStruct":{"a":{"b":{"c":{}}}}}})",
       absl::StrCat("wellKnown.aStruct[\"a\"][\"b\"][\"c\"]: ", kDeep, " at byte 39")},
      {R"({"choice":{"aValue":{"a":[[[0]]]}}})",
       absl::StrCat("choice.aValue[\"a\"][0][0]: ", kDeep, " at byte 27")},
      {R"({"wellKnown":{"aAny":{"a":[[[]]]}}})",
       absl::StrCat("wellKnown.aAny[\"a\"][0][0]: ", kDeep, " at byte 28")},
      {R"({"nobody":[[[[[]]]]]})", absl::StrCat(kDeep, " at byte 14")},
  };
  Expect(kCases, absl::StatusCode::kResourceExhausted);
}

TEST_F(JsonErrorsTest, KeepTheEndOfALongPath) {
  limits_.max_json_depth = 1'000'000;
  std::string json;
  for (int i = 0; i < 500; ++i) json += R"({"singular":{"aMessage":)";
  Kinds kinds;
  const std::string message(DecodeMessage(Codec::kJson, json, limits_, kinds).message());
  EXPECT_LT(message.size(), 1200u);
  EXPECT_EQ(message.find("Kinds: …."), message.find("Kinds: ")) << message;
  EXPECT_NE(message.find(".singular.aMessage: expected an object at byte 12000"), std::string::npos)
      << message;
}

}  // namespace
}  // namespace runnel::conformance
