#include "runtime/core/codec.h"

#include <random>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "gtest/gtest.h"
#include "runtime/core/codec_test.pb.h"
#include "runtime/core/codec_test2.pb.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using core_test::Named;
using core_test::Room;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Room Sample() {
  Room room;
  room.set_name("grün");
  room.set_visits(int64_t{1} << 53);
  room.add_rooms()->set_seats(-1);
  (*room.mutable_labels())["k"] = "v";
  room.mutable_opened()->set_seconds(1);
  room.set_photo("\xff");
  return room;
}

TEST(CodecTest, AppendsAndReadsBothForms) {
  for (Codec codec : {Codec::kJson, Codec::kProto}) {
    std::string out = "before";
    ASSERT_THAT(EncodeMessage(codec, Sample(), out), IsOk());
    EXPECT_EQ(out.substr(0, 6), "before");
    Room read;
    read.add_names("replaced");
    ASSERT_THAT(DecodeMessage(codec, out.substr(6), Limits(), read), IsOk());
    EXPECT_EQ(read.SerializeAsString(), Sample().SerializeAsString());
  }
}

TEST(CodecTest, WritesCanonicalJson) {
  std::string out;
  ASSERT_THAT(EncodeMessage(Codec::kJson, Sample(), out), IsOk());
  EXPECT_EQ(out, R"({"name":"grün","visits":"9007199254740992","rooms":[{"seats":-1}],)"
                 R"("labels":{"k":"v"},"opened":"1970-01-01T00:00:01Z","photo":"/w=="})");
}

TEST(CodecTest, IgnoresUnknownFieldsOfJson) {
  Room room;
  ASSERT_THAT(DecodeMessage(Codec::kJson, R"({"nobody":[{"x":1}],"seats":3})", Limits(), room),
              IsOk());
  EXPECT_EQ(room.seats(), 3);
}

TEST(CodecTest, LeavesTheOutputAloneWhenAMessageCannotBeEncoded) {
  Room bad_utf8, bad_time, bad_any;
  bad_utf8.add_rooms();
  bad_utf8.add_rooms()->add_names("\xff");
  bad_time.set_name("comes first");
  bad_time.mutable_opened()->set_seconds(int64_t{1} << 60);
  bad_any.set_name("comes first");
  bad_any.mutable_extra()->set_type_url("type.googleapis.com/no.Such");
  bad_any.mutable_extra()->set_value("x");
  Named unnamed;
  unnamed.set_tag("x");
  const struct {
    Codec codec;
    const google::protobuf::Message& message;
    std::string error;
  } kCases[] = {
      {Codec::kJson, bad_utf8, "Room.rooms[1].names[0] is not valid UTF-8"},
      {Codec::kProto, bad_utf8, "Room.rooms[1].names[0] is not valid UTF-8"},
      {Codec::kJson, bad_time, "core_test.Room as JSON"},
      {Codec::kJson, bad_any, "core_test.Room as JSON"},
      {Codec::kJson, unnamed, "lacks required fields: name"},
      {Codec::kProto, unnamed, "lacks required fields: name"},
  };
  for (const auto& c : kCases) {
    std::string out = "before";
    EXPECT_THAT(EncodeMessage(c.codec, c.message, out), StatusIs(kInvalid, HasSubstr(c.error)));
    EXPECT_EQ(out, "before");
  }
}

TEST(CodecTest, SaysWhatIsWrongWithJson) {
  const struct {
    std::string json, error;
  } kCases[] = {
      {"{\"name\" 1}", "invalid JSON at byte 8: expected ':' after a key"},
      {"", "invalid JSON at byte 0"},
      {R"({"rooms":[{},{"seats":"many"}]})", "seats"},
      {R"({"seats":2147483648})", "seats"},
      {R"({"opened":"yesterday"})", "opened"},
      {R"({"photo":"?"})", "photo"},
      {R"({"name":{}})", "name"},
      {R"({"extra":{"@type":"type.googleapis.com/no.Such"}})", "no.Such"},
      {R"({"extra":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s",)"
       R"("value":"1s"}})",
       "a key occurs twice"},
      {"[]", "Room"},
      {"3", "Room"},
      {"\"x\"", "Room"},
      {"true", "Room"},
      {"null", "Room"},
  };
  for (const auto& c : kCases) {
    Room room;
    EXPECT_THAT(DecodeMessage(Codec::kJson, c.json, Limits(), room),
                StatusIs(kInvalid, HasSubstr(c.error)))
        << c.json;
  }
}

TEST(CodecTest, SaysWhatIsWrongWithBinary) {
  const struct {
    std::string bytes, error;
  } kCases[] = {
      {"\x0a\x05"
       "ab",
       "truncated in name at byte 2"},
      {"\x0a\x01\xff", "invalid UTF-8 in name at byte 2"},
      {"\x22\x03\x0a\x01\xff", "invalid UTF-8 in rooms.name"},
      {"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "varint in seats"},
      {std::string("\0", 1), "invalid field number"},
      {"\x0f", "invalid wire type"},
      {"\x0c", "end of a group"},
      {"\xfb\x07", "group without an end"},
  };
  for (const auto& c : kCases) {
    Room room;
    EXPECT_THAT(DecodeMessage(Codec::kProto, c.bytes, Limits(), room),
                StatusIs(kInvalid, AllOf(HasSubstr("runnel.core_test.Room"), HasSubstr(c.error))));
  }
}

TEST(CodecTest, NamesRequiredFieldsThatAreMissing) {
  Named named;
  EXPECT_THAT(DecodeMessage(Codec::kJson, R"({"children":[{}]})", Limits(), named),
              StatusIs(kInvalid, HasSubstr("runnel.core_test.Named: missing field name")));
  EXPECT_THAT(DecodeMessage(Codec::kProto, std::string("\x1a\x00", 2), Limits(), named),
              StatusIs(kInvalid, HasSubstr("name, children[0].name")));
}

TEST(CodecTest, WritesNothingToStderr) {
  testing::internal::CaptureStderr();
  Room room;
  Named named;
  EXPECT_THAT(DecodeMessage(Codec::kProto, "\x0a\x01\xff", Limits(), room), StatusIs(kInvalid));
  EXPECT_THAT(DecodeMessage(Codec::kProto, "", Limits(), named), StatusIs(kInvalid));
  EXPECT_THAT(DecodeMessage(Codec::kJson, "{}", Limits(), named), StatusIs(kInvalid));
  EXPECT_THAT(DecodeMessage(Codec::kJson, R"({"seats":"x"})", Limits(), room), StatusIs(kInvalid));
  room.mutable_opened()->set_seconds(int64_t{1} << 60);
  std::string out;
  EXPECT_THAT(EncodeMessage(Codec::kJson, room, out), StatusIs(kInvalid));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(CodecTest, NamesTheLimits) {
  Limits limits;
  limits.max_message_bytes = 10;
  Room room;
  for (Codec codec : {Codec::kJson, Codec::kProto}) {
    EXPECT_THAT(DecodeMessage(codec, std::string(11, ' '), limits, room),
                StatusIs(absl::StatusCode::kResourceExhausted,
                         AllOf(HasSubstr("11 bytes"), HasSubstr("limit is 10"),
                               HasSubstr("Limits::max_message_bytes"))));
  }
  EXPECT_THAT(DecodeMessage(Codec::kJson, "{}        ", limits, room), IsOk());
  EXPECT_THAT(
      DecodeMessage(Codec::kJson, R"({"value":)" + std::string(32 << 10, '['), Limits(), room),
      StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("Limits::max_json_depth")));
}

TEST(CodecTest, ReadsMessagesOfOtherPools) {
  google::protobuf::FileDescriptorProto file;
  file.set_name("dynamic.proto");
  auto* type = file.add_message_type();
  type->set_name("Dynamic");
  auto* field = type->add_field();
  field->set_name("x");
  field->set_number(1);
  field->set_type(google::protobuf::FieldDescriptorProto::TYPE_INT32);
  field->set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
  google::protobuf::DescriptorPool pool;
  const auto* built = pool.BuildFile(file);
  google::protobuf::DynamicMessageFactory factory(&pool);
  std::unique_ptr<google::protobuf::Message> message(
      factory.GetPrototype(built->message_type(0))->New());
  ASSERT_THAT(DecodeMessage(Codec::kJson, R"({"x":7})", Limits(), *message), IsOk());
  std::string out;
  ASSERT_THAT(EncodeMessage(Codec::kJson, *message, out), IsOk());
  EXPECT_EQ(out, R"({"x":7})");
}

TEST(CodecTest, SurvivesRandomEdits) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (Codec codec : {Codec::kJson, Codec::kProto}) {
    std::string original;
    ASSERT_THAT(EncodeMessage(codec, Sample(), original), IsOk());
    for (int round = 0; round < 5000; ++round) {
      std::string bytes = original;
      for (int edits = 1 + random() % 3; edits > 0; --edits) {
        bytes[random() % bytes.size()] = static_cast<char>(random());
      }
      Room room;
      const absl::Status status = DecodeMessage(codec, bytes, Limits(), room);
      ASSERT_TRUE(status.ok() || status.code() == kInvalid) << status;
    }
  }
}

}  // namespace
}  // namespace runnel
