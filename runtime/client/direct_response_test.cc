// What the responses of a Connect server mean: its rules for clients.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/protobuf/wrappers.pb.h"
#include "runtime/client/direct_test_server.h"
#include "runtime/client/streams.h"
#include "runtime/client/unary_call.h"

namespace runnel {
namespace {

using google::protobuf::StringValue;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Code = absl::StatusCode;

const char kJson[] = "application/json";
const char kEnvelopes[] = "application/connect+json";

struct ResponseCase {
  CannedResponse response;
  Code code;
  std::string message = "";  // a part of it
};

CannedResponse Unary(int status, std::string body, std::string type = kJson) {
  return {status, {{"content-type", type}}, std::move(body)};
}

CannedResponse Stream(std::string body, std::string type = kEnvelopes) {
  return {200, {{"content-type", type}}, std::move(body)};
}

CannedResponse With(CannedResponse response, std::string name, std::string value) {
  response.headers.Add(name, value);
  return response;
}

class DirectResponseTest : public ::testing::Test {
 protected:
  void Expect(const MethodInfo& method, const std::vector<ResponseCase>& cases) {
    for (const ResponseCase& one : cases) {
      for (size_t piece : {size_t{1'000'000}, size_t{1}}) {
        server_.response = one.response;
        server_.response.piece_bytes = piece;
        const absl::Status status = server_.Call(method, {"hi"}).status;
        EXPECT_EQ(status.code(), one.code) << one.response.body << " → " << status;
        EXPECT_THAT(std::string(status.message()), HasSubstr(one.message)) << one.response.body;
      }
    }
  }

  DirectTestServer server_;
  const std::string end_ = EnvelopeOf(2, "{}");
  const std::string yes_ = EnvelopeOf(0, R"("yes")");
};

TEST_F(DirectResponseTest, UnaryErrorsAreTheBodysOrTheHttpStatus) {
  Expect(
      kUnaryMethod,
      {
          {Unary(404, R"({"code":"aborted","message":"m"})"), Code::kAborted, "m"},
          {Unary(404, R"({"code":"aborted"})", "application/json; charset=utf-8"), Code::kAborted},
          // The body's message counts even where its code does not.
          {Unary(401, R"({"message":"m"})"), Code::kUnauthenticated, "m"},
          {Unary(429, R"({"code":"novel","message":"m"})"), Code::kUnavailable, "m"},
          {Unary(401, "null"), Code::kUnauthenticated, "HTTP status 401"},
          {Unary(400, "<html>"), Code::kInternal, "HTTP status 400"},
          {Unary(403, R"({"code":"aborted"})", "text/html"), Code::kPermissionDenied,
           "HTTP status 403"},
          {Unary(404, "", ""), Code::kUnimplemented, "HTTP status 404"},
          {Unary(429, ""), Code::kUnavailable},
          {Unary(502, ""), Code::kUnavailable},
          {Unary(503, ""), Code::kUnavailable},
          {Unary(504, ""), Code::kUnavailable},
          {Unary(505, ""), Code::kUnknown},
          {Unary(418, ""), Code::kUnknown},
          {Unary(204, ""), Code::kUnknown},
          {With(Unary(422, Gzipped(R"({"code":"out_of_range","message":"m"})")), "content-encoding",
                "gzip"),
           Code::kOutOfRange, "m"},
          {With(Unary(403, R"({"code":"aborted"})"), "content-encoding", "br"),
           Code::kPermissionDenied},
      });
}

TEST_F(DirectResponseTest, UnarySuccessesHaveTheCodecAndNoUnaskedCompression) {
  Expect(kUnaryMethod,
         {
             {Unary(200, R"("yes")"), Code::kOk},
             {Unary(200, R"("yes")", "Application/JSON ; charset=utf-8"), Code::kOk},
             {Unary(200, "", "application/proto"), Code::kInternal, "application/proto"},
             {Unary(200, R"("yes")", "application/jsonish"), Code::kInternal},
             {Unary(200, "", "text/html"), Code::kUnknown, "text/html"},
             {Unary(200, "", ""), Code::kUnknown},
             {With(Unary(200, R"("yes")"), "x-a-bin", "?"), Code::kInternal, "x-a-bin"},
             {With(Unary(200, R"("yes")"), "content-encoding", "identity"), Code::kOk},
             {With(Unary(200, "?"), "content-encoding", "br"), Code::kInternal, "\"br\""},
             {With(Unary(200, Gzipped(R"("yes")")), "content-encoding", "gzip"), Code::kInternal,
              "not asked for"},
         });
}

TEST_F(DirectResponseTest, CompressedResponsesAreReadWhereTheyWereAskedFor) {
  server_.options.compression = Compression::kGzip;
  server_.options.limits.max_message_bytes = 1000;
  const std::string bomb = Gzipped('"' + std::string(10'000, 'x') + '"');
  Expect(kUnaryMethod,
         {
             {With(Unary(200, Gzipped(R"("yes")")), "content-encoding", "gzip"), Code::kOk},
             {With(Unary(200, "no gzip"), "content-encoding", "gzip"), Code::kInternal, "gzip"},
             {With(Unary(200, bomb), "content-encoding", "gzip"), Code::kResourceExhausted,
              "max_message_bytes"},
             {Unary(200, std::string(1001, ' ')), Code::kResourceExhausted, "max_message_bytes"},
         });
  const auto gzip = [](std::string body) {
    return With(Stream(std::move(body)), "connect-content-encoding", "gzip");
  };
  Expect(kDownMethod,
         {
             {gzip(EnvelopeOf(1, Gzipped(R"("yes")")) + yes_ + end_), Code::kOk},
             {gzip(EnvelopeOf(3, Gzipped("{}"))), Code::kOk},
             {gzip(EnvelopeOf(3, Gzipped(R"({"error":{"code":"aborted"}})"))), Code::kAborted},
             {gzip(EnvelopeOf(1, "no gzip") + end_), Code::kInternal, "gzip"},
             {gzip(EnvelopeOf(1, bomb) + end_), Code::kResourceExhausted, "max_message_bytes"},
             {gzip(EnvelopeOf(0, std::string(3000, ' ')) + end_), Code::kResourceExhausted,
              "max_message_bytes"},
             {Stream(EnvelopeOf(1, Gzipped(R"("yes")")) + end_), Code::kInternal, "compressed"},
         });
}

TEST_F(DirectResponseTest, AnEmptyBodyMayPassForACompressedEmptyMessage) {
  server_.options.compression = Compression::kGzip;
  server_.options.codec = Codec::kProto;
  server_.response = With(Unary(200, "", "application/proto"), "content-encoding", "gzip");
  const CallResult result = server_.Call(kUnaryMethod, {"hi"});
  EXPECT_EQ(result.status, absl::OkStatus());
  EXPECT_THAT(result.messages, ElementsAre(""));
}

TEST_F(DirectResponseTest, StreamsEndAsTheirEndOfTheStreamSays) {
  Expect(kDownMethod,
         {
             {Stream(end_), Code::kOk},
             {Stream(yes_ + end_), Code::kOk},
             {Stream(yes_ + EnvelopeOf(2, R"({"error":{"code":"aborted","message":"m"}})")),
              Code::kAborted, "m"},
             {Stream(EnvelopeOf(2, R"({"error":null})")), Code::kOk},
             {Stream(EnvelopeOf(2, R"({"error":{"message":"m"}})")), Code::kUnknown, "m"},
             {Stream(EnvelopeOf(2, R"({"error":{"code":"novel"}})")), Code::kUnknown},
             {Stream(EnvelopeOf(2, R"({"code":"aborted"})")), Code::kOk},
         });
}

TEST_F(DirectResponseTest, MalformedStreamsAreInternal) {
  Expect(
      kDownMethod,
      {
          {Stream(""), Code::kInternal, "no end of the stream"},
          {Stream(yes_), Code::kInternal, "no end of the stream"},
          {Stream(yes_.substr(0, 7)), Code::kInternal, "middle of an envelope"},
          {Stream(end_.substr(0, 3)), Code::kInternal, "middle of an envelope"},
          {Stream(EnvelopeOf(2, "")), Code::kInternal, "malformed end"},
          {Stream(EnvelopeOf(2, "{")), Code::kInternal, "malformed end"},
          {Stream(EnvelopeOf(2, "[]")), Code::kInternal, "malformed end"},
          {Stream(EnvelopeOf(4, "") + end_), Code::kInternal, "flags 4"},
          {Stream(EnvelopeOf(1, "x") + end_), Code::kInternal, "compressed"},
          {Stream(EnvelopeOf(3, "x")), Code::kInternal, "compressed"},
          {Stream(end_, "application/connect+proto"), Code::kInternal, "application/connect+proto"},
          {Stream(end_, kJson), Code::kUnknown, kJson},
          {Stream("<html>", "text/html"), Code::kUnknown, "text/html"},
          {With(Stream(end_), "connect-content-encoding", "br"), Code::kInternal, "\"br\""},
          {With(Stream(end_), "connect-content-encoding", "gzip"), Code::kInternal,
           "not asked for"},
          {Unary(503, "", "text/html"), Code::kUnavailable, "HTTP status 503"},
          {Unary(415, R"({"code":"unknown","message":"m"})"), Code::kUnknown, "m"},
      });
}

// In one piece, where it is there to be seen when the end is.
TEST_F(DirectResponseTest, NothingFollowsTheEndOfAStream) {
  server_.response = Stream(yes_ + end_ + yes_);
  const CallResult result = server_.Call(kDownMethod, {"hi"});
  EXPECT_THAT(result.messages, ElementsAre("yes"));
  EXPECT_EQ(result.status.code(), Code::kInternal);
  EXPECT_THAT(std::string(result.status.message()), HasSubstr("behind the end"));
}

TEST_F(DirectResponseTest, MessagesBeforeAFaultAreDelivered) {
  for (size_t piece : {1, 1000}) {
    server_.response = Stream(yes_ + yes_ + EnvelopeOf(0x80, ""));
    server_.response.piece_bytes = piece;
    const CallResult result = server_.Call(kDownMethod, {"hi"});
    EXPECT_THAT(result.messages, ElementsAre("yes", "yes"));
    EXPECT_EQ(result.status.code(), Code::kInternal);
  }
}

// Whoever reads on the channel's own loop need not wait for anything in between.
TEST_F(DirectResponseTest, NothingIsDeliveredAfterCancel) {
  struct Reads {
    static Awaitable<absl::Status> Do(ClientReader<StringValue> stream) {
      const auto first = co_await stream.Read();
      EXPECT_EQ((*first)->value(), "yes");
      stream.Cancel();
      const auto second = co_await stream.Read();
      co_return second.status();
    }
  };
  server_.response = Stream(yes_ + yes_ + end_);
  ClientReader<StringValue> stream(server_.NewChannel(), kDownMethod, StringValue(), CallOptions());
  EXPECT_EQ(server_.Run(Reads::Do(std::move(stream))).code(), Code::kCancelled);
}

TEST_F(DirectResponseTest, A505OfABidiStreamSaysWhatHttp1Cannot) {
  Expect(kBothMethod, {{Unary(505, "", ""), Code::kUnknown, "Route::kSession"}});
  Expect(kUpMethod, {{Unary(505, "", ""), Code::kUnknown, "HTTP status 505"}});
}

TEST_F(DirectResponseTest, MetadataComeFromTheHeadAndTheEnd) {
  server_.response = With(With(Unary(200, R"("yes")"), "x-a", "1"), "Trailer-X-B-Bin", "/w");
  CallResult result = server_.Call(kUnaryMethod, {"hi"});
  EXPECT_EQ(result.initial.Get("x-a"), "1");
  EXPECT_EQ(result.trailing.Get("x-b-bin"), "\xff");
  server_.response = With(
      Stream(EnvelopeOf(2, R"({"error":{"code":"aborted"},"metadata":{"X-B-Bin":["/w==","AA"]}})")),
      "x-a", "1");
  result = server_.Call(kDownMethod, {"hi"});
  EXPECT_EQ(result.initial.Get("x-a"), "1");
  EXPECT_THAT(result.trailing.GetAll("x-b-bin"), ElementsAre("\xff", std::string_view("\0", 1)));
}

TEST_F(DirectResponseTest, MissingAndSecondResponsesAreUnimplemented) {
  for (const std::string& body : {end_, yes_ + yes_ + end_}) {
    server_.response = Stream(body);
    ClientWriter<StringValue, StringValue> stream(server_.NewChannel(), kUpMethod, CallOptions());
    EXPECT_EQ(server_.Run(stream.Finish()).status().code(), Code::kUnimplemented);
  }
  server_.response = Stream(yes_ + end_);
  ClientWriter<StringValue, StringValue> stream(server_.NewChannel(), kUpMethod, CallOptions());
  EXPECT_EQ(server_.Run(stream.Finish())->value(), "yes");
}

}  // namespace
}  // namespace runnel
