// Requests as the command line has them: fields, JSON, files.

#include "tools/cli/field_argument.h"

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/core/protobuf_json.h"
#include "runtime/testing/status_matchers.h"
#include "tools/cli/json_values.h"
#include "tools/cli/proto_files.h"
#include "tools/cli/request_source.h"
#include "tools/cli/schema.h"

namespace runnel::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Words = std::vector<std::string>;

std::string Write(const std::string& name, const std::string& text) {
  const std::string path = ::testing::TempDir() + "/" + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

class RequestTest : public ::testing::Test {
 protected:
  static Schema Shop() {
    return *Schema::Of(*ParseProtoFiles({"tools/cli/testdata/shop.proto"}, {}));
  }

  // All messages that the words make.
  absl::StatusOr<Words> Messages(const std::string& type, const Words& words, bool stream) {
    absl::StatusOr<std::unique_ptr<RequestSource>> source =
        RequestSource::Of(schema_, **schema_.FindMessage(type), words, stream);
    if (!source.ok()) return source.status();
    Words messages;
    while (true) {
      absl::StatusOr<std::optional<std::string>> next = (*source)->Next();
      if (!next.ok()) return next.status();
      if (!*next) return messages;
      messages.push_back(**next);
    }
  }

  // The one message, or the error.
  std::string Order(const Words& words) {
    const absl::StatusOr<Words> messages = Messages("OrderRequest", words, false);
    return messages.ok() ? messages->at(0) : std::string(messages.status().message());
  }

  const Schema schema_ = Shop();
};

TEST_F(RequestTest, SetsFieldsOfEveryType) {
  const std::pair<const char*, const char*> kCases[] = {
      {"customer=Ada", R"({"customer":"Ada"})"},
      {"customer=a=b", R"({"customer":"a=b"})"},
      {"customer=", "{}"},
      {"number=-5", R"({"number":"-5"})"},
      {"price=1.5", R"({"price":1.5})"},
      {"urgent=true", R"({"urgent":true})"},
      {"urgent=yes", R"({"urgent":true})"},
      {"color=COLOR_RED", R"({"color":"COLOR_RED"})"},
      {"color=red", R"({"color":"COLOR_RED"})"},
      {"color=dark-blue", R"({"color":"COLOR_DARK_BLUE"})"},
      {"color=2", R"({"color":"COLOR_DARK_BLUE"})"},
      {"picture=abc", R"({"picture":"YWJj"})"},
      {"picture:=\"YWJj\"", R"({"picture":"YWJj"})"},
      {"customer=\\@home", R"({"customer":"@home"})"},
      {"item.name=pen", R"({"item":{"name":"pen"}})"},
      {"item={\"name\":\"pen\"}", R"({"item":{"name":"pen"}})"},
      {"item:={\"count\":2}", R"({"item":{"count":2}})"},
      {"labels.a.b=c", R"({"labels":{"a.b":"c"}})"},
      {"shelves.7.name=pen", R"({"shelves":{"7":{"name":"pen"}}})"},
      {"card=x", R"({"card":"x"})"},
      {"patience=1m30s", R"({"patience":"90s"})"},
      {"patience=0.25", R"({"patience":"0.250s"})"},
      {"patience=-2s", R"({"patience":"-2s"})"},
      {"at=2030-01-31T12:00:00Z", R"({"at":"2030-01-31T12:00:00Z"})"},
      {"fields=customer,item.name", R"({"fields":"customer,item.name"})"},
      {"anything=text", R"({"anything":"text"})"},
      {"anything=[1,2]", R"({"anything":[1,2]})"},
      {"maybe=0", R"({"maybe":0})"},
      {"unsignedNumber=7", R"({"unsignedNumber":7})"},
      {"unsigned_number=7", R"({"unsignedNumber":7})"},
  };
  for (const auto& [word, json] : kCases) EXPECT_EQ(Order({word}), json) << word;
}

TEST_F(RequestTest, AddsToListsAndMaps) {
  EXPECT_EQ(Order({"sizes=1", "sizes=2", "sizes:=[3,4]"}), R"({"sizes":[1,2,3,4]})");
  EXPECT_EQ(Order({"items.0.name=a", "items.0.count=1", "items.1.tags=x", "items.1.tags=y"}),
            R"({"items":[{"name":"a","count":1},{"tags":["x","y"]}]})");
  EXPECT_EQ(Order({"labels.a=1", "labels.a=2"}), R"({"labels":{"a":"2"}})");
  EXPECT_EQ(Order({"shelves.1.name=a", "shelves.1.count=2"}),
            R"({"shelves":{"1":{"name":"a","count":2}}})");
  EXPECT_EQ(Order({"pauses=1s", "pauses=2s"}), R"({"pauses":["1s","2s"]})");
}

TEST_F(RequestTest, SaysWhatIsWrongWithAField) {
  const std::pair<Words, const char*> kCases[] = {
      {{"custommer=x"}, "has no field custommer; did you mean customer?"},
      {{"item.nam=x"}, "item.nam: shop.v1.Item has no field nam; did you mean name?"},
      {{"number=ten"}, "number: \"ten\" is no int64"},
      {{"unsigned_number=-1"}, "\"-1\" is no uint32"},
      {{"color=gren"}, "\"gren\" is no shop.v1.Color"},
      {{"item=pen"}, "item: is a message (shop.v1.Item): write item.name=…, or item:=JSON"},
      {{"items=pen"}, "write items.0.name=…"},
      {{"items.1.name=x"}, "items has 0 elements so far: the next is items.0"},
      {{"labels=x"}, "labels: is a map: write labels.KEY=VALUE"},
      {{"customer.name=x"}, "customer is a string, and has no fields"},
      {{"sizes.0=1"}, "sizes is a list: write sizes=… for each of its elements"},
      {{"card=1", "barter.name=x"}, "only one of card and barter can be set"},
      {{"patience=soon"}, "\"soon\" is no Duration such as 500ms, 2s or 1m30s"},
      {{"at=noon"}, "\"noon\" is no Timestamp"},
      {{"item:={\"nam\":1}"}, "item: "},
      {{"customer=@/no/such/file"}, "cannot read /no/such/file"},
      {{"customer"}, "\"customer\" is no request: write field=value"},
      {{"customer=a", ",", "customer=b"}, "takes one message, and there are 2"},
  };
  for (const auto& [words, error] : kCases) EXPECT_THAT(Order(words), HasSubstr(error));
}

TEST_F(RequestTest, SaysWhereJsonIsWrong) {
  EXPECT_THAT(Order({R"({"customer": "Ada"])"}),
              AllOf(HasSubstr("the request: invalid JSON at byte 18"),
                    HasSubstr("\n  {\"customer\""), HasSubstr("^")));
  EXPECT_THAT(Order({R"({"custommer": "Ada"})"}),
              AllOf(HasSubstr("there is no field custommer; did you mean customer?")));
  EXPECT_THAT(Order({R"({"number": "ten"})"}), HasSubstr("number"));
  const std::string lines = Write("lines", "{\"customer\":\"a\"}\n\n{\"customer\": 5 5}\n");
  EXPECT_THAT(Order({"@" + lines}), HasSubstr("{"));
  EXPECT_THAT(Messages("OrderRequest", {"@" + lines}, true).status().message(),
              HasSubstr("lines, line 3: invalid JSON at byte 15"));
}

TEST_F(RequestTest, TakesTextAndBytesFromFiles) {
  const std::string file = Write("text", "Ada");
  EXPECT_EQ(Order({"customer=@" + file, "picture=@" + file}),
            R"({"customer":"Ada","picture":"QWRh"})");
  EXPECT_EQ(Order({"customer=@" + Write("empty", "")}), "{}");
  EXPECT_THAT(Order({"customer=@" + Write("binary", "\xff\xfe")}), HasSubstr("not UTF-8"));
}

TEST_F(RequestTest, MakesAStreamOfWordsJsonAndFiles) {
  const std::string file = Write("stream", "{\"name\":\"c\"} {\"name\":\n \"d\"}");
  EXPECT_THAT(*Messages("Parcel", {"name=a", ",", R"({"name":"b"})", "@" + file, "name=e"}, true),
              ElementsAre(R"({"name":"a"})", R"({"name":"b"})", R"({"name":"c"})",
                          "{\"name\":\n \"d\"}", R"({"name":"e"})"));
  EXPECT_THAT(*Messages("Parcel", {"@" + Write("none", " \n")}, true), IsEmpty());
}

TEST_F(RequestTest, SendsAFileInPieces) {
  const std::string file = Write("large", std::string(150'000, 'x'));
  const absl::StatusOr<Words> messages =
      Messages("Parcel", {"name=large", ",", "content=@" + file}, true);
  ASSERT_EQ(messages->size(), 4u);
  EXPECT_EQ(messages->at(0), R"({"name":"large"})");
  EXPECT_EQ(messages->at(1).size(), std::string(R"({"content":""})").size() + 65536 / 3 * 4 + 4);
  // Beside another field, or where there is no stream, it stays whole.
  EXPECT_EQ(Messages("Parcel", {"name=x", "content=@" + file}, true)->size(), 1u);
  EXPECT_EQ(Messages("Parcel", {"content=@" + file}, false)->size(), 1u);
}

TEST(JsonValuesTest, CutsValuesHoweverTheyArrive) {
  const std::string text = "{\"a\":\"}\\\"{\"}\n[1,[2]] {}\n\n{\n\"b\": {}}";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    JsonValues values("text");
    Words found;
    for (size_t at = 0; at < text.size(); at += piece) {
      values.Feed(std::string_view(text).substr(at, piece));
      while (true) {
        const absl::StatusOr<std::optional<std::string>> next = values.Next();
        ASSERT_THAT(next, IsOk());
        if (!*next) break;
        found.push_back(**next);
      }
    }
    EXPECT_THAT(found, ElementsAre("{\"a\":\"}\\\"{\"}", "[1,[2]]", "{}", "{\n\"b\": {}}"))
        << piece;
  }
}

TEST(JsonValuesTest, SaysInWhichLineAValueBegins) {
  JsonValues open("requests.json");
  open.Feed("{}\n\n{\"a\":");
  ASSERT_THAT(open.Next(), IsOk());
  open.End();
  EXPECT_THAT(open.Next().status().message(),
              HasSubstr("requests.json, line 3: the JSON that begins here has no end"));
  JsonValues words("words");
  words.Feed("\nhello");
  EXPECT_THAT(words.Next().status().message(), HasSubstr("words, line 2: a message is an object"));
}

}  // namespace
}  // namespace runnel::cli
