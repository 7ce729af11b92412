#include "runtime/wire/frame_codec.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "runnel/v1/channel.pb.h"
#include "runtime/core/status_details.h"
#include "runtime/testing/status_matchers.h"
#include "runtime/wire/generated_frames.h"
#include "runtime/wire/random_frames.h"

namespace runnel {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr Codec kCodecs[] = {Codec::kJson, Codec::kProto};

std::string Joined(Codec codec, const std::vector<Frame>& frames) {
  std::string out;
  for (const Frame& frame : frames) {
    if (codec == Codec::kJson && !out.empty()) out += ',';
    EncodeFrame(codec, frame, out);
  }
  return out;
}

std::string Batch(Codec codec, const std::vector<Frame>& frames,
                  const std::optional<FrameBatch::SessionInfo>& session = std::nullopt) {
  std::string out;
  EncodeFrameBatch(codec, session, Joined(codec, frames), out);
  return out;
}

TEST(FrameCodecTest, WritesTheBytesOfTheGeneratedClassesAndReadsThem) {
  RandomFrames random(Codec::kProto);
  SCOPED_TRACE(testing::Message() << "seed " << random.seed());
  for (int round = 0; round < 3000; ++round) {
    FrameBatch batch{std::nullopt, random.Frames()};
    if (random.Flip()) batch.session = random.Session();
    v1::FrameBatch generated;
    for (const Frame& frame : batch.frames) *generated.add_frames() = Generated(frame);
    if (batch.session) *generated.mutable_session() = Generated(*batch.session);
    const std::string bytes = Batch(Codec::kProto, batch.frames, batch.session);
    ASSERT_EQ(bytes, generated.SerializeAsString());
    ASSERT_THAT(DecodeFrameBatch(Codec::kProto, bytes, Limits()), IsOkAndHolds(batch));
  }
}

TEST(FrameCodecTest, WritesRequestsLikeTheGeneratedClasses) {
  RandomFrames random(Codec::kProto);
  SCOPED_TRACE(testing::Message() << "seed " << random.seed());
  for (int round = 0; round < 500; ++round) {
    OpenRequest open{{1, 300, static_cast<uint32_t>(random.Number())},
                     random.Text(),
                     random.Flip(),
                     random.Number(),
                     random.Number(),
                     random.Number(),
                     random.Frames()};
    v1::OpenRequest open_generated;
    for (uint32_t version : open.versions) open_generated.add_versions(version);
    open_generated.set_secret(open.secret);
    open_generated.set_retry(open.retry);
    open_generated.set_max_ms(open.max_ms);
    open_generated.set_call_window_bytes(open.call_window_bytes);
    open_generated.set_session_window_bytes(open.session_window_bytes);
    for (const Frame& frame : open.frames) *open_generated.add_frames() = Generated(frame);
    std::string bytes;
    EncodeOpenRequest(Codec::kProto, open, Joined(Codec::kProto, open.frames), bytes);
    ASSERT_EQ(bytes, open_generated.SerializeAsString());
    ASSERT_THAT(DecodeOpenRequest(Codec::kProto, bytes, Limits()), IsOkAndHolds(open));

    SendRequest send{random.Number(), random.Number(), random.Frames()};
    v1::SendRequest send_generated;
    send_generated.set_seq(send.seq);
    send_generated.set_ack(send.ack);
    for (const Frame& frame : send.frames) *send_generated.add_frames() = Generated(frame);
    bytes.clear();
    EncodeSendRequest(Codec::kProto, send, Joined(Codec::kProto, send.frames), bytes);
    ASSERT_EQ(bytes, send_generated.SerializeAsString());
    ASSERT_THAT(DecodeSendRequest(Codec::kProto, bytes, Limits()), IsOkAndHolds(send));

    AttachRequest attach{random.Number(), random.Number(), random.Number()};
    v1::AttachRequest attach_generated;
    attach_generated.set_after(attach.after);
    attach_generated.set_attempt(attach.attempt);
    attach_generated.set_max_ms(attach.max_ms);
    bytes.clear();
    EncodeAttachRequest(Codec::kProto, attach, bytes);
    ASSERT_EQ(bytes, attach_generated.SerializeAsString());
    ASSERT_THAT(DecodeAttachRequest(Codec::kProto, bytes, Limits()), IsOkAndHolds(attach));

    SendResponse response{random.Number(), random.Number()};
    v1::SendResponse response_generated;
    response_generated.set_ack(response.ack);
    response_generated.set_retry_ms(response.retry_ms);
    bytes.clear();
    EncodeSendResponse(Codec::kProto, response, bytes);
    ASSERT_EQ(bytes, response_generated.SerializeAsString());
    ASSERT_THAT(DecodeSendResponse(Codec::kProto, bytes, Limits()), IsOkAndHolds(response));
  }
}

TEST(FrameCodecTest, ReadsItsOwnJson) {
  RandomFrames random(Codec::kJson);
  SCOPED_TRACE(testing::Message() << "seed " << random.seed());
  for (int round = 0; round < 2000; ++round) {
    FrameBatch batch{std::nullopt, random.Frames()};
    if (random.Flip()) batch.session = random.Session();
    const std::string json = Batch(Codec::kJson, batch.frames, batch.session);
    ASSERT_TRUE(nlohmann::json::accept(json)) << json;
    ASSERT_EQ(json.find_first_of("\r\n"), std::string::npos);
    ASSERT_THAT(DecodeFrameBatch(Codec::kJson, json, Limits()), IsOkAndHolds(batch)) << json;

    OpenRequest open{{1, 7},          random.Text(),   random.Flip(),  random.Number(),
                     random.Number(), random.Number(), random.Frames()};
    std::string text;
    EncodeOpenRequest(Codec::kJson, open, Joined(Codec::kJson, open.frames), text);
    ASSERT_THAT(DecodeOpenRequest(Codec::kJson, text, Limits()), IsOkAndHolds(open));
    SendRequest send{random.Number(), random.Number(), random.Frames()};
    text.clear();
    EncodeSendRequest(Codec::kJson, send, Joined(Codec::kJson, send.frames), text);
    ASSERT_THAT(DecodeSendRequest(Codec::kJson, text, Limits()), IsOkAndHolds(send));
    AttachRequest attach{random.Number(), random.Number(), random.Number()};
    text.clear();
    EncodeAttachRequest(Codec::kJson, attach, text);
    ASSERT_THAT(DecodeAttachRequest(Codec::kJson, text, Limits()), IsOkAndHolds(attach));
    SendResponse response{random.Number(), random.Number()};
    text.clear();
    EncodeSendResponse(Codec::kJson, response, text);
    ASSERT_THAT(DecodeSendResponse(Codec::kJson, text, Limits()), IsOkAndHolds(response));
  }
}

TEST(FrameCodecTest, StandsReadableInJson) {
  EndFrame end;
  end.status = absl::NotFoundError("gone");
  AddDetail(end.status, StatusDetail{"a.B", "\xff"});
  end.trailers = {{"k", "v"}, {"k-bin", "\xff"}};
  end.message = MessageFrame{2, "{}"};
  const std::pair<Frame, std::string> kCases[] = {
      {{1, MessageFrame{17, R"({"text":"hi"})"}},
       R"({"call":1,"message":{"size":17,"json":{"text":"hi"}}})"},
      {{1, MessageFrame{0, "abc", true, true}},
       R"({"call":1,"message":{"part":"YWJj","more":true}})"},
      {{0, PingFrame()}, R"({"ping":{}})"},
      {{1, HalfCloseFrame()}, R"({"call":1,"halfClose":{}})"},
      {{9007199254740991, CreditFrame{5}}, R"({"call":9007199254740991,"credit":{"bytes":5}})"},
      {{0, GoAwayFrame{1, "r", 2, 3}},
       R"({"goAway":{"lastCall":1,"reason":"r","retryMs":2,"deadlineMs":3}})"},
      {{2, end},
       R"({"call":2,"end":{"code":"not_found","message":"gone",)"
       R"("details":[{"type":"a.B","value":"/w"}],)"
       R"("trailers":[{"key":"k","text":"v"},{"key":"k-bin","binary":"/w"}],)"
       R"("last":{"size":2,"json":{}}}})"},
  };
  for (const auto& [frame, json] : kCases) {
    std::string out;
    EncodeFrame(Codec::kJson, frame, out);
    EXPECT_EQ(out, json);
  }
  EXPECT_EQ(Batch(Codec::kJson, {}), "{}");
}

TEST(FrameCodecTest, PassesAnInlineMessageOnAsItStands) {
  const absl::StatusOr<FrameBatch> batch = DecodeFrameBatch(
      Codec::kJson, R"({"frames":[{"call":"7","message":{"size":"3","json": {"a" : [1,  2]} }}]})",
      Limits());
  ASSERT_THAT(batch, IsOk());
  EXPECT_EQ(batch->frames[0], (Frame{7, MessageFrame{3, R"({"a" : [1,  2]})"}}));
}

TEST(FrameCodecTest, WritesAMessageThatNeverCameAsJson) {
  const std::string json = R"({"frames":[{"call":7,"message":{}}]})";
  const absl::StatusOr<FrameBatch> batch = DecodeFrameBatch(Codec::kJson, json, Limits());
  ASSERT_THAT(batch, IsOk());
  EXPECT_EQ(Batch(Codec::kJson, batch->frames), json);
}

TEST(FrameCodecTest, LeavesWhatIsInAnInlineMessageToItsReader) {
  const std::vector<std::string> kMessages = {
      std::string(200, '[') + std::string(200, ']'),
      "{x:[}]",
      R"(["]\"}"])",
      "{\"\xff\":01}",
  };
  for (const std::string& message : kMessages) {
    // As writers here have it, and in another form.
    for (const std::string& frame :
         {R"({"call":7,"message":{"size":5,"json":)" + message + "}}",
          R"({"message":{"size":5,"json":)" + message + R"( },"call":7})"}) {
      const absl::StatusOr<FrameBatch> batch =
          DecodeFrameBatch(Codec::kJson, R"({"frames":[)" + frame + "]}", Limits());
      ASSERT_THAT(batch, IsOk()) << frame;
      EXPECT_EQ(batch->frames[0], (Frame{7, MessageFrame{5, message}}));
    }
  }
}

// What looks like the end of a message, in its middle, ends it only where its size says so.
TEST(FrameCodecTest, FindsTheEndOfAnInlineMessageWhateverItsSizeSays) {
  const std::string text = R"({"a":{"b":{"c":1}},"call":"}},{\"call\":"})";
  for (size_t size = 1; size < text.size() + 40; ++size) {
    const std::string frame =
        absl::StrCat(R"({"call":1,"message":{"size":)", size, R"(,"json":)", text, "}}");
    absl::StatusOr<FrameBatch> batch = DecodeFrameBatch(
        Codec::kJson, absl::StrCat(R"({"frames":[)", frame, ",", frame, "]}"), Limits());
    ASSERT_TRUE(batch.ok()) << size << ": " << batch.status();
    ASSERT_EQ(batch->frames.size(), 2u);
    EXPECT_EQ(std::get<MessageFrame>(batch->frames[0].kind).payload, text) << size;
  }
}

TEST(FrameCodecTest, IgnoresUnknownFieldsEverywhere) {
  v1::FrameBatch batch;
  batch.mutable_session()->set_id("s");
  batch.mutable_session()->set_version(1);
  v1::Frame& frame = *batch.add_frames();
  frame.mutable_end()->set_code("not_found");
  frame.mutable_end()->add_trailers()->set_key("k");
  frame.mutable_end()->add_details()->set_type("a.B");
  frame.mutable_end()->mutable_last()->set_size(1);
  for (google::protobuf::Message* message : std::initializer_list<google::protobuf::Message*>{
           &batch, batch.mutable_session(), &frame, frame.mutable_end(),
           frame.mutable_end()->mutable_trailers(0), frame.mutable_end()->mutable_details(0),
           frame.mutable_end()->mutable_last()}) {
    auto* unknown = message->GetReflection()->MutableUnknownFields(message);
    unknown->AddVarint(100, 7);
    unknown->AddFixed32(101, 7);
    unknown->AddFixed64(102, 7);
    unknown->AddLengthDelimited(103, "x");
  }
  EndFrame end{absl::NotFoundError(""), {{"k", ""}}, MessageFrame{1}};
  AddDetail(end.status, StatusDetail{"a.B", ""});
  FrameBatch expected{FrameBatch::SessionInfo{"s"}, {{0, end}}};
  EXPECT_THAT(DecodeFrameBatch(Codec::kProto, batch.SerializeAsString(), Limits()),
              IsOkAndHolds(expected));
  expected.frames[0] = {3, CreditFrame{5}};
  EXPECT_THAT(
      DecodeFrameBatch(Codec::kJson,
                       R"({"x":[{}],"session":{"id":"s","version":1,"x":{}},)"
                       R"("frames":[{"x":"y","credit":{"bytes":5,"x":[]},"call":3,"z":null}]})",
                       Limits()),
      IsOkAndHolds(expected));
}

TEST(FrameCodecTest, TakesNullForAbsent) {
  EXPECT_THAT(DecodeFrameBatch(Codec::kJson,
                               R"({"session":null,"frames":[{"call":1,"ping":null,"open":)"
                               R"({"method":null,"metadata":null,"message":null}}]})",
                               Limits()),
              IsOkAndHolds(FrameBatch{std::nullopt, {{1, OpenFrame()}}}));
}

TEST(FrameCodecTest, TakesVersionsPackedAndNot) {
  for (std::string bytes :
       {std::string("\x0a\x03\x01\xac\x02"), std::string("\x08\x01\x08\xac\x02")}) {
    const absl::StatusOr<OpenRequest> open = DecodeOpenRequest(Codec::kProto, bytes, Limits());
    ASSERT_THAT(open, IsOk());
    EXPECT_THAT(open->versions, testing::ElementsAre(1, 300));
  }
  EXPECT_THAT(DecodeOpenRequest(Codec::kProto, "\x0a\x01\x81", Limits()), StatusIs(kInvalid));
}

TEST(FrameCodecTest, TakesACodeOfALaterVersionAsUnknown) {
  const FrameBatch expected{std::nullopt, {{1, EndFrame{absl::UnknownError("m"), {}, {}}}}};
  EXPECT_THAT(
      DecodeFrameBatch(Codec::kJson,
                       R"({"frames":[{"call":1,"end":{"code":"novel","message":"m"}}]})", Limits()),
      IsOkAndHolds(expected));
  v1::FrameBatch batch;
  batch.add_frames()->set_call(1);
  batch.mutable_frames(0)->mutable_end()->set_code("novel");
  batch.mutable_frames(0)->mutable_end()->set_message("m");
  EXPECT_THAT(DecodeFrameBatch(Codec::kProto, batch.SerializeAsString(), Limits()),
              IsOkAndHolds(expected));
}

TEST(FrameCodecTest, RepairsTextThatIsNotUtf8) {
  const Frame frame{1, EndFrame{absl::InternalError("a\xff"), {{"k", "\xff"}}, {}}};
  const Frame repaired{1,
                       EndFrame{absl::InternalError("a\xef\xbf\xbd"), {{"k", "\xef\xbf\xbd"}}, {}}};
  for (Codec codec : kCodecs) {
    EXPECT_THAT(DecodeFrameBatch(codec, Batch(codec, {frame}), Limits()),
                IsOkAndHolds(FrameBatch{std::nullopt, {repaired}}));
  }
}

TEST(FrameCodecTest, RefusesBadJson) {
  const std::pair<std::string, std::string> kCases[] = {
      {"", "byte 0: expected an object"},
      {"[]", "byte 0: expected an object"},
      {R"({"frames":{}})", "byte 10: expected an array"},
      {R"({"frames":[7]})", "byte 11: expected an object"},
      {R"({"frames":[{}]})", "a frame has no kind"},
      {R"({"frames":[null]})", "a frame has no kind"},
      {R"({"frames":[{"call":1}]})", "a frame has no kind"},
      {R"({"frames":[{"call":1,"novel":{}}]})", "does not know (novel)"},
      {R"({"frames":[{"ping":{},"pong":{}}]})", "a frame has two kinds"},
      {R"({"frames":[{"call":-1,"ping":{}}]})", "expected a whole number"},
      {R"({"frames":[{"call":18446744073709551616,"ping":{}}]})", "expected a whole number"},
      {R"({"frames":[{"call":1.5,"ping":{}}]})", "expected a whole number"},
      {R"({"frames":[{"message":{"json":}}]})", "expected a value"},
      {R"({"frames":[{"call":1,"message":{"size":1,"json":[[[[[}}]})", "ends inside an object"},
      {R"({"frames":[{"call":1,"message":{"size":1,"json":01}}]})", "after a leading 0"},
      {R"({"frames":[{"call":01,"message":{"size":1,"json":1}}]})", "after a leading 0"},
      {R"({"frames":[{"call":1,"message":{"size":1,"json":1},"ping":{}}]})", "two kinds"},
      {R"({"frames":[{"message":{"part":"?"}}]})", "expected base64"},
      {R"({"frames":[{"message":{"more":1}}]})", "expected true or false"},
      {R"({"frames":[{"open":{"method":7}}]})", "expected a string"},
      {R"({"frames":[{"open":{"metadata":[{"key":"a-bin","binary":"?"}]}}]})", "expected base64"},
      {R"({"frames":[{"ping":7}]})", "expected an object"},
      {R"({"frames":[{"ping":{}},]})", "expected an object"},
      {R"({"session":{"version":4294967297}})", "from 0 to 4294967295"},
      {R"({} {})", "expected nothing"},
  };
  for (const auto& [json, error] : kCases) {
    EXPECT_THAT(DecodeFrameBatch(Codec::kJson, json, Limits()),
                StatusIs(kInvalid, HasSubstr(error)))
        << json;
  }
}

TEST(FrameCodecTest, TakesPartWithoutBytesAsNone) {
  const auto json = DecodeFrameBatch(
      Codec::kJson, R"({"frames":[{"call":2,"message":{"size":9,"part":"","more":true}}]})",
      Limits());
  ASSERT_THAT(json, IsOk());
  EXPECT_FALSE(std::get<MessageFrame>(json->frames.at(0).kind).part);
  const std::string_view kBinary("\x7a\x08\x08\x02\x22\x04\x08\x09\x1a\x00", 10);
  const auto binary = DecodeFrameBatch(Codec::kProto, kBinary, Limits());
  ASSERT_THAT(binary, IsOk());
  EXPECT_FALSE(std::get<MessageFrame>(binary->frames.at(0).kind).part);
}

TEST(FrameCodecTest, RefusesBadBinary) {
  const std::pair<std::string, std::string> kCases[] = {
      {"\x7a", "cut short"},                               // a tag alone
      {"\x7a\x05\x08", "cut short in field 15"},           // less than the length says
      {std::string("\x7a\x00", 2), "has no kind"},         // an empty frame
      {"\x7a\x02\x08\x01", "has no kind"},                 // a call alone
      {std::string("\x7a\x02\x62\x00", 4), "(field 12)"},  // an unknown kind
      {"\x7a\x02\x60\x01", "(field 12)"},                  // … that is a number
      {"\x7a\x02\x20\x01", "field 4 has no length"},       // a message that is a number
      {std::string("\x7a\x02\x0a\x00", 4), "field 1 is not a number"},
      {"\x78\x01", "field 15 has no length"},
      {std::string("\0", 1), "impossible number"},
      {"\x0b", "of a kind that is not used"},
      {"\x7a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "too many bytes"},
      {"\x7a\x03\x4a\x01\x0a", "cut short"},  // a ping with half a field
      {"\x7a\x05\x12\x03\x0a\x01\xff", "field 1 is not valid UTF-8"},
      {"\xfa\xff\xff\xff\xff\xff\xff\xff\xff\x01", "too many bytes"},
      {"\xfa\xff\xff\xff\x7f", "impossible number"},
      {"\x7a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "too many bytes"},
  };
  for (const auto& [bytes, error] : kCases) {
    EXPECT_THAT(DecodeFrameBatch(Codec::kProto, bytes, Limits()),
                StatusIs(kInvalid, HasSubstr(error)))
        << testing::PrintToString(bytes);
  }
}

TEST(FrameCodecTest, BoundsMessagesWhereverTheyStand) {
  Limits limits;
  limits.max_message_bytes = 10;
  const MessageFrame fits{10, "\"89abcdef\""}, whole{11, "\"89abcdefg\""},
      part{11, "0123456789a", true};
  for (Codec codec : kCodecs) {
    EXPECT_THAT(DecodeFrameBatch(codec, Batch(codec, {{1, fits}}), limits), IsOk());
    for (const MessageFrame& large : {whole, part}) {
      for (const Frame& frame :
           {Frame{1, large}, Frame{1, OpenFrame{"/a.B/C", {}, 0, large, false}},
            Frame{1, EndFrame{absl::OkStatus(), {}, large}}}) {
        EXPECT_THAT(DecodeFrameBatch(codec, Batch(codec, {frame}), limits),
                    StatusIs(absl::StatusCode::kResourceExhausted,
                             AllOf(HasSubstr("message of 11 bytes; limit is 10"),
                                   HasSubstr("Limits::max_message_bytes"))));
      }
    }
  }
}

TEST(FrameCodecTest, BoundsTheNumberOfFrames) {
  for (const Codec codec : {Codec::kJson, Codec::kProto}) {
    std::string frames, one;
    for (size_t i = 0; i < kMaxFrames; ++i) {
      if (codec == Codec::kJson && i > 0) frames += ',';
      EncodeFrame(codec, Frame{0, PingFrame()}, frames);
    }
    EncodeFrame(codec, Frame{0, PingFrame()}, one);
    std::string bytes;
    EncodeSendRequest(codec, SendRequest(), frames, bytes);
    EXPECT_THAT(DecodeSendRequest(codec, bytes, Limits()), IsOk());
    frames += codec == Codec::kJson ? "," + one : one;
    bytes.clear();
    EncodeSendRequest(codec, SendRequest(), frames, bytes);
    absl::Status refused = DecodeSendRequest(codec, bytes, Limits()).status();
    EXPECT_THAT(refused, StatusIs(absl::StatusCode::kResourceExhausted));
    EXPECT_EQ(ReasonOf(refused), "FRAME_TOO_LARGE");
  }
}

TEST(FrameCodecTest, SurvivesRandomEditsAndEveryTruncation) {
  for (Codec codec : kCodecs) {
    RandomFrames random(codec);
    SCOPED_TRACE(testing::Message() << CodecName(codec) << ", seed " << random.seed());
    const auto decode = [&](const std::string& bytes) {
      for (const absl::Status& status : {DecodeFrameBatch(codec, bytes, Limits()).status(),
                                         DecodeOpenRequest(codec, bytes, Limits()).status(),
                                         DecodeSendRequest(codec, bytes, Limits()).status(),
                                         DecodeAttachRequest(codec, bytes, Limits()).status(),
                                         DecodeSendResponse(codec, bytes, Limits()).status()}) {
        ASSERT_TRUE(status.ok() || status.code() == kInvalid) << status;
      }
    };
    for (int round = 0; round < 5000; ++round) {
      std::string bytes = Batch(codec, random.Frames(), random.Session());
      random.Mutate(bytes);
      ASSERT_NO_FATAL_FAILURE(decode(bytes));
    }
    const std::string whole = Batch(codec, {random.Next(), random.Next()}, random.Session());
    for (size_t size = 0; size < whole.size(); ++size) {
      ASSERT_NO_FATAL_FAILURE(decode(whole.substr(0, size)));
      if (codec == Codec::kJson) {
        ASSERT_FALSE(DecodeFrameBatch(codec, whole.substr(0, size), Limits()).ok());
      }
    }
  }
}

TEST(FrameCodecTest, AgreesWithTheGeneratedClassesAboutRandomBytes) {
  RandomFrames random(Codec::kProto);
  SCOPED_TRACE(testing::Message() << "seed " << random.seed());
  for (int round = 0; round < 5000; ++round) {
    std::string bytes = Batch(Codec::kProto, random.Frames());
    random.Mutate(bytes);
    const absl::StatusOr<FrameBatch> batch = DecodeFrameBatch(Codec::kProto, bytes, Limits());
    v1::FrameBatch generated;
    // What ours accepts the generated class accepts too, and finds as many frames in it.
    if (!batch.ok()) continue;
    ASSERT_TRUE(generated.ParseFromString(bytes)) << testing::PrintToString(bytes);
    ASSERT_EQ(generated.frames_size(), static_cast<int>(batch->frames.size()));
  }
}

}  // namespace
}  // namespace runnel
