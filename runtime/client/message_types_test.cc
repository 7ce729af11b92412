#include "runtime/client/message_types.h"

#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"
#include "runtime/client/any_event_decoder.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using Kind = EventOutcome::Kind;

constexpr char kPath[] = "runtime/client/event_stream_test_proto-descriptor-set.proto.bin";
constexpr char kChange[] = "runnel.event_stream_test.Change";
constexpr char kUpdate[] = "runnel.event_stream_test.Update";

// A file with one message, "x.Name", that imports others.
void AddFile(std::string name, std::string message, std::vector<std::string> imports,
             FileDescriptorSet& set) {
  FileDescriptorProto& file = *set.add_file();
  file.set_name(std::move(name));
  file.set_package("x");
  file.set_syntax("proto3");
  file.add_message_type()->set_name(std::move(message));
  for (std::string& import : imports) file.add_dependency(std::move(import));
}

SourceEvent Event(std::string type, std::string data) {
  SourceEvent event;
  event.type = std::move(type);
  event.data = std::move(data);
  return event;
}

class MessageTypesTest : public testing::Test {
 protected:
  static MessageTypes Types() {
    absl::StatusOr<MessageTypes> types = MessageTypes::FromFile(kPath);
    return *std::move(types);
  }

  EventTypes names_;
  EventStreamOptions options_;
};

TEST_F(MessageTypesTest, KnowsTheTypesOfAFile) {
  EXPECT_THAT(Types().names(), ElementsAre(kChange, kUpdate));
}

TEST_F(MessageTypesTest, MakesMessagesThatOutliveIt) {
  AnyMessage message = *Types().New(kChange);
  const google::protobuf::Descriptor& type = *message->GetDescriptor();
  message->GetReflection()->SetString(message.get(), type.FindFieldByName("title"), "a");
  EXPECT_EQ(message->ShortDebugString(), "title: \"a\"");
}

TEST_F(MessageTypesTest, SaysWhatThereIsInsteadOfAType) {
  EXPECT_THAT(Types().New("shop.Update"),
              StatusIs(absl::StatusCode::kNotFound,
                       AllOf(HasSubstr("shop.Update"), HasSubstr(std::string("has ") + kUpdate))));
  EXPECT_THAT(Types().New("Absent"), StatusIs(absl::StatusCode::kNotFound, HasSubstr(kChange)));
}

TEST_F(MessageTypesTest, TakesFilesInAnyOrderAndTwice) {
  FileDescriptorSet set;
  AddFile("b.proto", "B", {"a.proto"}, set);
  AddFile("a.proto", "A", {}, set);
  AddFile("b.proto", "B", {"a.proto"}, set);
  EXPECT_THAT(MessageTypes::FromDescriptorSet(set.SerializeAsString())->names(),
              ElementsAre("x.A", "x.B"));
}

TEST_F(MessageTypesTest, SaysWhatAFileImportsInVain) {
  FileDescriptorSet set;
  AddFile("b.proto", "B", {"a.proto"}, set);
  EXPECT_THAT(MessageTypes::FromDescriptorSet(set.SerializeAsString()),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("b.proto imports a.proto, which the descriptor set lacks")));
}

TEST_F(MessageTypesTest, RefusesFilesThatImportThemselves) {
  FileDescriptorSet set;
  AddFile("b.proto", "B", {"a.proto"}, set);
  AddFile("a.proto", "A", {"b.proto"}, set);
  EXPECT_THAT(MessageTypes::FromDescriptorSet(set.SerializeAsString()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("imports itself")));
}

TEST_F(MessageTypesTest, SaysWhatIsWrongWithAFile) {
  FileDescriptorSet set;
  AddFile("a.proto", "not a name", {}, set);
  EXPECT_THAT(MessageTypes::FromDescriptorSet(set.SerializeAsString()),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("a.proto"), HasSubstr("not a name"))));
}

TEST_F(MessageTypesTest, RefusesWhatIsNoDescriptorSet) {
  EXPECT_THAT(MessageTypes::FromDescriptorSet("syntax = \"proto3\";"),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(MessageTypes::FromDescriptorSet(""), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(MessageTypes::FromFile("/nonexistent/set"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nonexistent/set")));
}

TEST_F(MessageTypesTest, DecodesEventsIntoTheTypesOfTheirNames) {
  names_.named = {{"update", kUpdate}};
  names_.other = kChange;
  const AnyEventDecoder decode = *NewAnyEventDecoder(Types(), names_, options_);
  AnyMessage message;
  EXPECT_EQ(decode(Event("update", R"({"put":{"title":"a"}})"), message).kind(), Kind::kMessage);
  EXPECT_EQ(message->ShortDebugString(), "put { title: \"a\" }");
  const SourceEvent other = Event("x", R"({"time":"1970-01-01T00:00:07Z","unheard":[]})");
  EXPECT_EQ(decode(other, message).kind(), Kind::kMessage);
  EXPECT_EQ(message->ShortDebugString(), "time { seconds: 7 }");
  EXPECT_EQ(decode(Event("x", "[]"), message).kind(), Kind::kBad);
}

TEST_F(MessageTypesTest, KnowsNoTypeOfOtherNamesWhereNoneIsGiven) {
  names_.named = {{"update", kUpdate}};
  const AnyEventDecoder decode = *NewAnyEventDecoder(Types(), names_, options_);
  AnyMessage message;
  EXPECT_EQ(decode(Event("x", "{}"), message).kind(), Kind::kUnknown);
}

TEST_F(MessageTypesTest, DecodesBase64AndFieldsOfTheOtherType) {
  names_.other = kUpdate;
  options_.data = EventData::kBase64;
  options_.fields = {{"delete", "removed"}};
  const AnyEventDecoder decode = *NewAnyEventDecoder(Types(), names_, options_);
  AnyMessage message;
  EXPECT_EQ(decode(Event("x", "CgMKAWE="), message).kind(), Kind::kMessage);
  EXPECT_EQ(message->ShortDebugString(), "put { title: \"a\" }");
  EXPECT_EQ(decode(Event("delete", "7"), message).kind(), Kind::kMessage);
  EXPECT_EQ(message->ShortDebugString(), "removed: \"7\"");
}

TEST_F(MessageTypesTest, MakesNoDecoderOfTypesItLacks) {
  names_.named = {{"x", "Absent"}};
  EXPECT_THAT(NewAnyEventDecoder(Types(), names_, options_),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("Absent")));
}

}  // namespace
}  // namespace runnel
