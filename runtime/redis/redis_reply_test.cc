#include "runtime/redis/redis_reply.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/core/string_view.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

// All replies as text, so that a test can see them.
std::string TextOf(const RedisReply& reply) {
  switch (reply.type) {
    case RedisReply::Type::kNil:
      return "nil";
    case RedisReply::Type::kText:
      return "'" + reply.text + "'";
    case RedisReply::Type::kError:
      return "error " + reply.text;
    case RedisReply::Type::kInteger:
      return std::to_string(reply.integer);
    case RedisReply::Type::kArray:
      break;
  }
  std::string text = "[";
  for (const RedisReply& element : reply.elements) text += TextOf(element) + " ";
  return text + "]";
}

TEST(RedisReplyParserTest, ReadsEveryKindCutAnywhere) {
  const std::string bytes =
      "+OK\r\n:-7\r\n$5\r\na\r\nbc\r\n$-1\r\n*-1\r\n*0\r\n*3\r\n:1\r\n*1\r\n$0\r\n\r\n-ERR no\r\n"
      "-WRONGTYPE bad\r\n";
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    RedisReplyParser parser;
    std::string all;
    for (const std::string& part : {bytes.substr(0, cut), bytes.substr(cut)}) {
      parser.Feed(part);
      while (true) {
        const absl::StatusOr<std::optional<RedisReply>> reply = parser.Next();
        ASSERT_TRUE(reply.ok()) << reply.status();
        if (!*reply) break;
        all += TextOf(**reply) + ",";
      }
    }
    EXPECT_EQ(all, "'OK',-7,'a\r\nbc',nil,nil,[],[1 ['' ] error ERR no ],error WRONGTYPE bad,")
        << "cut at " << cut;
  }
}

TEST(RedisReplyParserTest, RefusesOtherProtocols) {
  RedisReplyParser parser;
  parser.Feed("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_THAT(parser.Next(), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(parser.Next(), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(RedisReplyTest, GivesErrorsACode) {
  EXPECT_THAT(StatusOfRedisError("LOADING Redis is loading", "c"),
              StatusIs(absl::StatusCode::kUnavailable, "c: LOADING Redis is loading"));
  EXPECT_THAT(StatusOfRedisError("WRONGPASS no", "c"),
              StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(StatusOfRedisError("NOPERM no", "c"), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(StatusOfRedisError("OOM full", "c"), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(StatusOfRedisError("NOSCRIPT no", "c"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(StatusOfRedisError("WRONGTYPE no", "c"),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(RedisReplyTest, LeavesValuesOutOfErrors) {
  EXPECT_THAT(
      StatusOfRedisError("ERR unknown command 'FOO', with args beginning with: 'secret' ", "c"),
      StatusIs(absl::StatusCode::kFailedPrecondition, "c: ERR unknown command 'FOO'"));
}

}  // namespace
}  // namespace runnel
