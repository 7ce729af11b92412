#include "runtime/http/message_parser.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace runnel {
namespace {

// What a parser makes of bytes: "done <body>", "partial", or the status and text of its error.
struct Outcome {
  std::string text;
  MessageHead head;
  size_t left = 0;
};

// Feeds `pieces` one after the other, keeping what the parser does not take.
Outcome Feed(MessageParser& parser, const std::vector<std::string>& pieces) {
  Outcome outcome;
  std::string pending;
  std::string body;
  for (const std::string& piece : pieces) {
    pending += piece;
    if (parser.error().has_value()) continue;
    if (!parser.head_done()) pending.erase(0, parser.ParseHead(pending));
    while (parser.head_done() && !parser.done() && !parser.error().has_value()) {
      std::string_view part;
      const size_t taken = parser.ParseBody(pending, &part);
      body += part;
      pending.erase(0, taken);
      if (taken == 0) break;
    }
  }
  outcome.left = pending.size();
  if (parser.error().has_value()) {
    outcome.text = std::to_string(parser.error()->status) + " " + parser.error()->message;
  } else {
    outcome.text = parser.done() ? "done " + body : "partial";
    outcome.head = parser.head();
  }
  return outcome;
}

Outcome FeedEveryWay(MessageParser::Kind kind, const std::string& bytes, const Limits& limits) {
  MessageParser whole(kind, limits);
  const Outcome expected = Feed(whole, {bytes});
  for (size_t i = 1; i < bytes.size(); ++i) {
    MessageParser parser(kind, limits);
    const Outcome outcome = Feed(parser, {bytes.substr(0, i), bytes.substr(i)});
    EXPECT_EQ(outcome.text, expected.text) << "split at " << i << " of " << bytes;
    if (outcome.text.starts_with("done")) {
      EXPECT_EQ(outcome.left, expected.left) << "split at " << i << " of " << bytes;
    }
  }
  std::vector<std::string> single;
  for (char c : bytes) single.emplace_back(1, c);
  MessageParser parser(kind, limits);
  EXPECT_EQ(Feed(parser, single).text, expected.text) << "byte by byte: " << bytes;
  return expected;
}

Outcome Request(const std::string& bytes, const Limits& limits = {}) {
  return FeedEveryWay(MessageParser::Kind::kRequest, bytes, limits);
}

Outcome Response(const std::string& bytes, const Limits& limits = {}) {
  return FeedEveryWay(MessageParser::Kind::kResponse, bytes, limits);
}

TEST(MessageParserTest, TakesRequestsAtEverySplit) {
  const struct {
    std::string bytes;
    std::string outcome;
  } cases[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "done "},
      {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "done "},
      {"GET / HTTP/1.0\r\n\r\n", "done "},
      {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "done hello"},
      {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "done "},
      {"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
       "3\r\nhel\r\n2;ext=1\r\nlo\r\n0\r\n\r\n",
       "done hello"},
      {"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
       "5\r\nhello\r\n0\r\nTrailer-A: b\r\n\r\n",
       "done hello"},
      {"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "done "},
      {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell", "partial"},
      {"POST /x HTTP/1.1\r\nHost: a\r\n", "partial"},
  };
  for (const auto& c : cases) EXPECT_EQ(Request(c.bytes).text, c.outcome) << c.bytes;
}

TEST(MessageParserTest, RefusesRequestsAtEverySplit) {
  const struct {
    std::string bytes;
    std::string outcome;
  } cases[] = {
      {"GET / HTTP/1.1\r\n\r\n", "400 no Host"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400 more than one Host"},
      {"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", "400 malformed Host"},
      {"GET / HTTP/1.1\r\nHost: a, b/c\r\n\r\n", "400 malformed Host"},
      {"GET http://a@b/ HTTP/1.1\r\nHost: a\r\n\r\n", "400 malformed Host"},
      {"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", "400 malformed request target"},
      {"GET x HTTP/1.1\r\nHost: a\r\n\r\n", "400 malformed request target"},
      {"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "400 malformed request target"},
      {"GET ftp://a/x HTTP/1.1\r\nHost: a\r\n\r\n", "400 malformed request target"},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "400 malformed"},
      {"NONSENSE\r\n\r\n", "400 malformed"},
      {"GET / HTTP/1.1\r\nHost: a\r\nBad Name: b\r\n\r\n", "400 malformed"},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: a\x01"
       "b\r\n\r\n",
       "400 malformed"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
       "400 more than one Content-Length"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
       "400 malformed"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx",
       "400 malformed Content-Length"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nx", "400 malformed"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nx",
       "400 malformed"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       "400 malformed"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
       "400 malformed"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
       "400 unknown Transfer-Encoding"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
       "400 unknown Transfer-Encoding"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n",
       "400 malformed"},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
       "400 Transfer-Encoding in an HTTP/1.0"},
      {"POST / HTTP/1.1\r\nHost: a\r\nExpect: pigs\r\n\r\n", "417 unknown Expect"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n", "400 malformed"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n",
       "400 malformed"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Request(c.bytes).text, testing::StartsWith(c.outcome)) << c.bytes;
  }
}

TEST(MessageParserTest, HoldsItsLimitsAtEverySplit) {
  Limits limits;
  limits.max_header_bytes = 200;
  limits.max_header_fields = 3;
  limits.max_target_bytes = 20;
  const std::string end = "Host: a\r\n\r\n";
  EXPECT_EQ(Request("GET /" + std::string(19, 'x') + " HTTP/1.1\r\n" + end, limits).text, "done ");
  EXPECT_THAT(Request("GET /" + std::string(20, 'x') + " HTTP/1.1\r\n" + end, limits).text,
              testing::MatchesRegex("414 .*limit is max_target_bytes"));
  EXPECT_THAT(Request("GET /" + std::string(190, 'x') + " HTTP/1.1\r\n" + end, limits).text,
              testing::MatchesRegex("414 .*limit is max_target_bytes"));
  EXPECT_THAT(Request("GET /" + std::string(500, 'x'), limits).text,
              testing::MatchesRegex("414 .*limit is max_target_bytes"));
  EXPECT_EQ(Request("GET / HTTP/1.1\r\nA: b\r\nC: d\r\n" + end, limits).text, "done ");
  EXPECT_THAT(Request("GET / HTTP/1.1\r\nA: b\r\nC: d\r\nE: f\r\n" + end, limits).text,
              testing::MatchesRegex("431 .*limit is max_header_fields"));
  const std::string start = "GET / HTTP/1.1\r\n";
  const std::string field = "A: " + std::string(200 - start.size() - end.size() - 5, 'x') + "\r\n";
  EXPECT_EQ(Request(start + field + end, limits).text, "done ");
  EXPECT_THAT(Request(start + "A" + field + end, limits).text,
              testing::MatchesRegex("431 .*limit is max_header_bytes"));
  EXPECT_THAT(Request(start + "A: " + std::string(500, 'x'), limits).text,
              testing::MatchesRegex("431 .*limit is max_header_bytes"));
}

TEST(MessageParserTest, ChunkHeadsAndTrailersAreLimitedToo) {
  Limits limits;
  limits.max_header_bytes = 200;
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_THAT(Request(head + "1;" + std::string(300, 'x'), limits).text,
              testing::HasSubstr("max_header_bytes"));
  EXPECT_THAT(Request(head + "0\r\nA: " + std::string(300, 'x'), limits).text,
              testing::HasSubstr("max_header_bytes"));
}

TEST(MessageParserTest, ReportsTheHead) {
  const Outcome outcome = Request(
      "PUT /a?b HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n"
      "X-Y: 1\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_EQ(outcome.head.method, "PUT");
  EXPECT_EQ(outcome.head.target, "/a?b");
  EXPECT_FALSE(outcome.head.keep_alive);
  EXPECT_TRUE(outcome.head.expect_continue);
  EXPECT_EQ(outcome.head.content_length, 1u);
  EXPECT_EQ(outcome.head.headers.size(), 2u);
  EXPECT_EQ(outcome.head.headers.Get("x-y"), "1");
}

TEST(MessageParserTest, AUrlAsTargetStandsAboveTheHostField) {
  const struct {
    std::string target;
    std::string path;
    std::string host;
  } cases[] = {
      {"http://b:80/x?y", "/x?y", "b:80"},
      {"HTTPS://b", "/", "b"},
      {"http://[::1]?y", "/?y", "[::1]"},
      {"/http://b/x", "/http://b/x", "a"},
      {"*", "*", "a"},
  };
  for (const auto& c : cases) {
    const Outcome outcome = Request("GET " + c.target + " HTTP/1.1\r\nX: 1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(outcome.head.target, c.path);
    EXPECT_EQ(outcome.head.headers.Get("host"), c.host);
    EXPECT_EQ(outcome.head.headers.size(), 2u);
  }
}

TEST(MessageParserTest, LeavesTheNextMessageAlone) {
  const std::string request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
  EXPECT_EQ(Request(request + "GET").left, 3u);
}

TEST(MessageParserTest, TakesResponsesAtEverySplit) {
  EXPECT_EQ(Response("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").text, "done hi");
  EXPECT_EQ(
      Response("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n").text,
      "done hi");
  EXPECT_EQ(Response("HTTP/1.1 204 No Content\r\n\r\n").text, "done ");
  EXPECT_EQ(Response("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n").text, "done ");
  EXPECT_EQ(Response("HTTP/1.1 200 OK\r\n\r\nhi").text, "partial");
  EXPECT_THAT(Response("SSH-2.0-OpenSSH\r\n\r\n").text, testing::StartsWith("400 malformed"));
}

TEST(MessageParserTest, EndOfTheConnectionEndsABodyWithoutLength) {
  MessageParser parser(MessageParser::Kind::kResponse, Limits());
  Feed(parser, {"HTTP/1.0 200 OK\r\n\r\nhi"});
  EXPECT_TRUE(parser.until_close());
  parser.ParseEnd();
  EXPECT_TRUE(parser.done());
}

TEST(MessageParserTest, EndOfTheConnectionWithinABodyIsAnError) {
  MessageParser parser(MessageParser::Kind::kResponse, Limits());
  Feed(parser, {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi"});
  parser.ParseEnd();
  EXPECT_FALSE(parser.done());
  EXPECT_TRUE(parser.error().has_value());
}

TEST(MessageParserTest, ResponseToHeadHasNoBody) {
  MessageParser parser(MessageParser::Kind::kResponse, Limits());
  parser.ExpectNoBody();
  EXPECT_EQ(Feed(parser, {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"}).text, "done ");
}

}  // namespace
}  // namespace runnel
