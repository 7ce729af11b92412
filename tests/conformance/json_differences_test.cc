// Every row of JSON.md: that the two readers differ, and only as the row says.

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "runtime/core/codec.h"
#include "runtime/testing/status_matchers.h"
#include "tests/conformance/json_kinds.runnel.h"

namespace runnel::conformance {
namespace {

// The generated code comes with the service, when something of that is used.
const size_t methods = JsonKinds::Service().runnel_methods().size();

struct Row {
  std::string json, protobuf, runnel;
};

// The first three cells of a row of a table, without their back quotes; no row has a bar in them.
std::vector<Row> Rows() {
  std::ifstream file("tests/conformance/JSON.md");
  std::vector<Row> rows;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `")) continue;
    std::string cells[3];
    size_t at = 1;
    for (std::string& cell : cells) {
      const size_t end = line.find(" |", at);
      if (end == std::string::npos) {
        ADD_FAILURE() << "a row without four cells: " << line;
        return {};
      }
      cell = line.substr(at + 1, end - at - 1);
      at = end + 2;
      if (cell.starts_with('`')) cell = cell.substr(1, cell.size() - 2);
    }
    rows.push_back({cells[0], cells[1], cells[2]});
  }
  return rows;
}

std::string ByProtobuf(const std::string& json) {
  google::protobuf::LogSilencer silencer;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  Kinds kinds;
  if (!google::protobuf::util::JsonStringToMessage(json, &kinds, options).ok()) return "refused";
  std::string written;
  if (!google::protobuf::util::MessageToJsonString(kinds, &written).ok()) return "cannot write it";
  return written;
}

std::string ByRunnel(const std::string& json) {
  Kinds kinds;
  if (!DecodeMessage(Codec::kJson, json, Limits(), kinds).ok()) return "refused";
  std::string written;
  EXPECT_THAT(EncodeMessage(Codec::kJson, kinds, written), IsOk());
  return written;
}

TEST(JsonDifferencesTest, AreAsDocumented) {
  const std::vector<Row> rows = Rows();
  ASSERT_GT(rows.size(), 50u);
  for (const Row& row : rows) {
    EXPECT_EQ(ByProtobuf(row.json), row.protobuf) << row.json;
    EXPECT_EQ(ByRunnel(row.json), row.runnel) << row.json;
    EXPECT_NE(row.protobuf, row.runnel) << row.json;
  }
}

// What the specification takes beside the plainest form, and both readers do.
TEST(JsonDifferencesTest, WhatTheSpecificationTakesBothTake) {
  const struct {
    std::string json, result;
  } kCases[] = {
      {R"({"singular":{"aInt32":1e2,"aUint32":1.0,"aInt64":-1E3,"aUint64":"5"}})",
       R"({"singular":{"aInt32":100,"aInt64":"-1000","aUint32":1,"aUint64":"5"}})"},
      {R"({"singular":{"aInt32":2.147483647e9,"aSint32":-2.147483648e9,"aFixed32":4.294967295e9}})",
       R"({"singular":{"aInt32":2147483647,"aSint32":-2147483648,"aFixed32":4294967295}})"},
      {R"({"singular":{"aInt64":9223372036854775807,"aSint64":-9223372036854775808}})",
       R"({"singular":{"aInt64":"9223372036854775807","aSint64":"-9223372036854775808"}})"},
      {R"({"singular":{"aInt32":"2\u003147"}})", R"({"singular":{"aInt32":2147}})"},
      {R"({"singular":{"aDouble":"1.5e2","aFloat":"1"}})",
       R"({"singular":{"aFloat":1,"aDouble":150}})"},
      {R"({"repeated":{"aDouble":["NaN","Infinity","-Infinity"],"aFloat":["NaN","-Infinity"]}})",
       R"({"repeated":{"aFloat":["NaN","-Infinity"],"aDouble":["NaN","Infinity","-Infinity"]}})"},
      {R"({"repeated":{"aMood":["MOOD_FINE",1,-7,1.0,77,"1"]}})",
       R"({"repeated":{"aMood":["MOOD_GOOD","MOOD_GOOD","MOOD_BAD","MOOD_GOOD",77,"MOOD_GOOD"]}})"},
      {R"({"repeated":{"aBytes":["-_8=","-_8","+/8=","+/8",""]}})",
       R"({"repeated":{"aBytes":["+/8=","+/8=","+/8=","+/8=",""]}})"},
      {R"({"singular":{"a_int32":1,"with__many___lines_":"x","SHOUTED":"y"}})",
       R"({"singular":{"aInt32":1,"SHOUTED":"y","withManyLines":"x"}})"},
      {R"({"singular":{"aInt32":null,"aString":null,"aMessage":null},"repeated":null,"maps":null})",
       R"({"singular":{}})"},
      {R"({"repeated":{"aInt32":null,"aString":[]},"maps":{"byInt32":null,"byString":{}}})",
       R"({"repeated":{},"maps":{}})"},
      {R"({"choice":{"aInt32":null,"aString":"x","aBool":null}})", R"({"choice":{"aString":"x"}})"},
      {R"({"choice":{"aInt32":0}})", R"({"choice":{"aInt32":0}})"},
      {R"({"choice":{"aNull":null}})", R"({"choice":{"aNull":null}})"},
      {R"({"choice":{"aNull":"NULL_VALUE"}})", R"({"choice":{"aNull":null}})"},
      {R"({"wellKnown":{"aValue":null,"aStruct":null,"aInt64Value":null,"aTimestamp":null}})",
       R"({"wellKnown":{"aValue":null}})"},
      {R"({"maps":{"byInt32":{"\u0031":2},"byBool":{"tr\u0075e":true}}})",
       R"({"maps":{"byInt32":{"1":2},"byBool":{"true":true}}})"},
      // The specification does not speak of null in a map; protobuf takes it for the default.
      {R"({"maps":{"byInt32":{"1":null},"values":{"a":null}}})",
       R"({"maps":{"byInt32":{"1":0},"values":{"a":null}}})"},
      {R"({"wellKnown":{"aTimestamp":"1969-12-31T16:00:01.5-08:00"}})",
       R"({"wellKnown":{"aTimestamp":"1970-01-01T00:00:01.500Z"}})"},
      {R"({"wellKnown":{"aDuration":"-0.5s"}})", R"({"wellKnown":{"aDuration":"-0.500s"}})"},
      {R"({"wellKnown":{"aDuration":"315576000000.999999999s"}})",
       R"({"wellKnown":{"aDuration":"315576000000.999999999s"}})"},
      {R"({"wellKnown":{"aFieldMask":"foo,barBaz","aEmpty":{}}})",
       R"({"wellKnown":{"aFieldMask":"foo,barBaz","aEmpty":{}}})"},
      {R"({"wellKnown":{"aAny":{"value":"1.5s","@type":"type.googleapis.com/google.protobuf.Duration"}}})",
       R"({"wellKnown":{"aAny":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1.500s"}}})"},
      {R"({"wellKnown":{"aAny":{"aInt32":5,"@type":"type.googleapis.com/runnel.conformance.Singular"}}})",
       R"({"wellKnown":{"aAny":{"@type":"type.googleapis.com/runnel.conformance.Singular","aInt32":5}}})"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(ByProtobuf(c.json), c.result) << c.json;
    EXPECT_EQ(ByRunnel(c.json), c.result) << c.json;
  }
}

// What it does not take, and both readers refuse.
TEST(JsonDifferencesTest, WhatTheSpecificationRefusesBothRefuse) {
  for (const std::string json : {
           R"({"singular":{"aInt32":""}})",
           R"({"singular":{"aInt32":" 1"}})",
           R"({"singular":{"aInt32":"1 "}})",
           R"({"singular":{"aInt32":"0x1"}})",
           R"({"singular":{"aInt32":"3x3"}})",
           R"({"singular":{"aInt32":0.5}})",
           R"({"singular":{"aInt64":"0.5"}})",
           R"({"singular":{"aInt32":2147483648}})",
           R"({"singular":{"aUint32":-1}})",
           R"({"singular":{"aInt64":"9223372036854775808"}})",
           R"({"singular":{"aInt64":9223372036854775808.0}})",
           R"({"singular":{"aUint64":18446744073709551616}})",
           R"({"singular":{"aUint64":1.8446744073709551616e19}})",
           R"({"singular":{"aInt32":+1}})",
           R"({"singular":{"aInt32":01}})",
           R"({"singular":{"aDouble":""}})",
           R"({"singular":{"aDouble":NaN}})",
           R"({"singular":{"aDouble":-Infinity}})",
           R"({"singular":{"aDouble":"inf"}})",
           R"({"singular":{"aDouble":1e309}})",
           R"({"singular":{"aFloat":3.502823e+38}})",
           R"({"singular":{"aBool":1}})",
           R"({"singular":{"aBool":True}})",
           R"({"singular":{"aString":1}})",
           R"({"singular":{"aString":"\ud800"}})",
           R"({"singular":{"aString":"\ude01\ud83d"}})",
           R"({"singular":{"aBytes":"A"}})",
           R"({"singular":{"aBytes":"AQ I="}})",
           R"({"singular":{"aMood":1.5}})",
           R"({"singular":{"aMood":MOOD_GOOD}})",
           R"({"maps":{"byInt32":{1:2}}})",
           R"({"maps":{"byInt32":{"1":1,"1":2}}})",
           R"({"maps":{"byInt32":{"":1}}})",
           R"({"choice":{"aInt32":1,"aString":"x"}})",
           R"({"choice":{"aInt32":1,"aInt32":2}})",
           R"({"wellKnown":{"aStruct":{"a":1,"a":2}}})",
           R"({"wellKnown":{"aTimestamp":"1970-01-01t00:00:00Z"}})",
           R"({"wellKnown":{"aTimestamp":"1970-01-01T00:00:00z"}})",
           R"({"wellKnown":{"aTimestamp":"1970-01-01T00:00:00"}})",
           R"({"wellKnown":{"aTimestamp":"10000-01-01T00:00:00Z"}})",
           R"({"wellKnown":{"aDuration":"1"}})",
           R"({"wellKnown":{"aDuration":"315576000001.000000000s"}})",
           R"({"wellKnown":{"aValue":1e400}})",
           R"({"wellKnown":{"aAny":{"value":"1s"}}})",
           R"([])",
           R"({"singular":{}}{})",
       }) {
    EXPECT_EQ(ByProtobuf(json), "refused") << json;
    EXPECT_EQ(ByRunnel(json), "refused") << json;
  }
}

}  // namespace
}  // namespace runnel::conformance
