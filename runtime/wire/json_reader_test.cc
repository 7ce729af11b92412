#include "runtime/wire/json_reader.h"

#include <functional>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "runtime/core/json_scan.h"
#include "runtime/core/json_string.h"
#include "runtime/core/utf8.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(JsonReaderTest, PullsMembersInOrder) {
  JsonReader json(R"( { "a" : 7 , "b":["x",null,"\u00e4\ud83d\ude00\n"], "skip":{"x":[1]},
                       "raw": {"y": [ 1 ]} ,"t":true,"bytes":"/w"} )",
                  10);
  std::vector<std::string> keys, strings;
  uint64_t a = 0;
  std::string raw, bytes;
  bool t = false;
  json.Object([&](std::string_view key) {
    keys.emplace_back(key);
    if (key == "a") {
      a = json.Uint64();
    } else if (key == "b") {
      json.Array([&] { strings.push_back(json.String()); });
    } else if (key == "raw") {
      raw = json.Raw();
    } else if (key == "t") {
      t = json.Bool();
    } else if (key == "bytes") {
      bytes = json.Bytes();
    } else {
      json.Skip();
    }
  });
  EXPECT_THAT(json.Finish(), IsOk());
  EXPECT_THAT(keys, ElementsAre("a", "b", "skip", "raw", "t", "bytes"));
  EXPECT_EQ(a, 7u);
  EXPECT_THAT(strings, ElementsAre("x", "", "ä😀\n"));
  EXPECT_EQ(raw, R"({"y": [ 1 ]})");
  EXPECT_TRUE(t);
  EXPECT_EQ(bytes, "\xff");
}

TEST(JsonReaderTest, HandsOutRawValuesAsViews) {
  const std::string text = R"([{"text":"hi"}])";
  JsonReader json(text, 10);
  std::string_view raw;
  json.Array([&] { raw = json.Raw(); });
  EXPECT_EQ(raw.data(), text.data() + 1);
}

TEST(JsonReaderTest, ReadsNumbersAndNumbersInStrings) {
  const std::pair<std::string, uint64_t> kNumbers[] = {{"0", 0},
                                                       {"9007199254740992", uint64_t{1} << 53},
                                                       {"\"9007199254740992\"", uint64_t{1} << 53},
                                                       {"18446744073709551615", UINT64_MAX},
                                                       {"null", 0}};
  for (const auto& [text, value] : kNumbers) {
    JsonReader json(text, 10);
    EXPECT_EQ(json.Uint64(), value);
    EXPECT_THAT(json.Finish(), IsOk());
  }
  for (std::string text : {"-1", "1.0", "1e3", "18446744073709551616", "\"\"", "\"1 \"", "\"0x1\"",
                           "{}", "true", "\"18446744073709551616\""}) {
    JsonReader json(text, 10);
    EXPECT_EQ(json.Uint64(), 0u);
    EXPECT_THAT(json.Finish(), StatusIs(kInvalid, HasSubstr("byte 0: expected a whole number")))
        << text;
  }
  JsonReader large("4294967296", 10);
  EXPECT_EQ(large.Uint32(), 0u);
  EXPECT_THAT(large.Finish(), StatusIs(kInvalid, HasSubstr("from 0 to 4294967295")));
}

TEST(JsonReaderTest, SaysWhereAndWhatWasExpected) {
  const struct {
    std::string text;
    std::function<void(JsonReader&)> read;
    std::string error;
  } kCases[] = {
      {"[]", [](JsonReader& j) { j.Object([](std::string_view) {}); },
       "byte 0: expected an object"},
      {"{}", [](JsonReader& j) { j.Array([] {}); }, "byte 0: expected an array"},
      {"", [](JsonReader& j) { j.Array([] {}); }, "byte 0: expected an array"},
      {"", [](JsonReader& j) { j.Skip(); }, "byte 0: expected a value"},
      {"7", [](JsonReader& j) { j.String(); }, "byte 0: expected a string"},
      {"7", [](JsonReader& j) { j.Bool(); }, "byte 0: expected true or false"},
      {" \"?\"", [](JsonReader& j) { j.Bytes(); }, "byte 1: expected base64"},
      {"7 7", [](JsonReader& j) { j.Skip(); }, "byte 2: expected nothing"},
      {"nulll", [](JsonReader& j) { j.String(); }, "byte 4: expected nothing"},
      {"{\"a\" 1}", [](JsonReader& j) { j.Object([&](std::string_view) { j.Skip(); }); },
       "byte 5: expected ':'"},
      {"{\"a\":1 2}", [](JsonReader& j) { j.Object([&](std::string_view) { j.Skip(); }); },
       "byte 7: expected ',' or '}'"},
      {"{\"a\":1,}", [](JsonReader& j) { j.Object([&](std::string_view) { j.Skip(); }); },
       "byte 7: expected a key"},
      {"{", [](JsonReader& j) { j.Object([&](std::string_view) { j.Skip(); }); },
       "byte 1: expected a key"},
      {"[1,]", [](JsonReader& j) { j.Array([&] { j.Skip(); }); }, "byte 3: expected a value"},
      {"[1", [](JsonReader& j) { j.Array([&] { j.Skip(); }); }, "byte 2: expected ',' or ']'"},
      {"\"\xff\"", [](JsonReader& j) { j.String(); }, "byte 1: expected valid UTF-8"},
      {"\"\\ud800\"", [](JsonReader& j) { j.String(); }, "byte 1: expected surrogates"},
  };
  for (const auto& c : kCases) {
    JsonReader json(c.text, 10);
    c.read(json);
    EXPECT_FALSE(json.Finish().ok());
    EXPECT_THAT(json.Finish(), StatusIs(kInvalid, HasSubstr(c.error))) << c.text;
  }
}

TEST(JsonReaderTest, CountsTheDepthOfADocumentFromItsOwnBegin) {
  for (bool document : {false, true}) {
    JsonReader json("[[{\"a\":[]}]]", 3);
    std::string_view inner;
    json.Array([&] { json.Array([&] { inner = document ? json.RawDocument() : json.Raw(); }); });
    EXPECT_THAT(json.Finish(),
                StatusIs(document ? absl::StatusCode::kOk : absl::StatusCode::kResourceExhausted));
    EXPECT_EQ(inner, document ? R"({"a":[]})" : "");
  }
  JsonReader nested("[[]]", 1);
  nested.Array([&] { nested.Array([] {}); });
  EXPECT_THAT(nested.Finish(),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("Limits::max_json_depth")));
}

TEST(JsonReaderTest, KeepsTheFirstErrorAndReadsNothingAfterIt) {
  JsonReader json(R"({"a":x,"b":7})", 10);
  int members = 0;
  json.Object([&](std::string_view) {
    ++members;
    EXPECT_EQ(json.Uint64(), 0u);
    EXPECT_EQ(json.String(), "");
    EXPECT_FALSE(json.Null());
  });
  EXPECT_EQ(members, 1);
  EXPECT_THAT(json.Finish(), StatusIs(kInvalid, HasSubstr("byte 5")));
}

TEST(JsonReaderTest, WritesStringsThatAnotherReaderTakes) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 20, '\0');
    for (char& c : text) c = static_cast<char>(random() % (round % 2 == 0 ? 128 : 256));
    std::string repaired, quoted;
    AppendRepairedUtf8(text, repaired);
    AppendJsonString(text, quoted);
    ASSERT_EQ(nlohmann::json::parse(quoted).get<std::string>(), repaired);
    JsonReader json(quoted, 1);
    ASSERT_EQ(json.String(), repaired);
    ASSERT_EQ(quoted.find_first_of("\r\n"), std::string::npos);
  }
}

// Reads whatever there is by its type.
void ReadAny(JsonReader& json, std::string_view text, std::mt19937& random) {
  switch (random() % 5) {
    case 0:
      return json.Object([&](std::string_view) { ReadAny(json, text, random); });
    case 1:
      return json.Array([&] { ReadAny(json, text, random); });
    case 2:
      json.String();
      return;
    case 3:
      json.Uint64();
      return;
    default:
      json.Skip();
  }
}

TEST(JsonReaderTest, AcceptsOnlyWhatTheScanAccepts) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const std::string alphabet = "{}[]\",:\\u019nt\xc3\xbc ";
  for (int round = 0; round < 20000; ++round) {
    std::string text = R"({"a":["x\u00e4",12,{"b":null}],"c":{"d":[]}})";
    for (int edits = random() % 3; edits > 0; --edits) {
      text[random() % text.size()] = alphabet[random() % alphabet.size()];
    }
    JsonReader json(text, 10);
    ReadAny(json, text, random);
    if (!json.Finish().ok()) continue;
    ASSERT_THAT(ScanJson(text, 10), IsOk()) << text;
  }
}

}  // namespace
}  // namespace runnel
