// HTTP/1 messages, one behind the other on a connection: however its bytes are cut, the same come
// out, and the head of a request that was taken is taken the same when it is written again.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"
#include "runtime/http/message_parser.h"
#include "tests/fuzz/fuzzer.h"

namespace runnel::fuzz {
namespace {

using Kind = MessageParser::Kind;

constexpr std::string_view kTooSoon = "the message ends too soon";

std::string Show(const MessageHead& head) {
  std::string text =
      absl::StrCat(head.method, " ", head.target, " ", head.status, " ", head.version,
                   head.keep_alive ? " keep" : "", head.chunked ? " chunked" : "",
                   head.expect_continue ? " expect" : "", " ",
                   head.content_length ? absl::StrCat(*head.content_length) : "", "\n");
  for (const auto& [name, value] : head.headers) absl::StrAppend(&text, name, ": ", value, "\n");
  return text;
}

// Whether a line of a head can be made of it.
bool FitsALine(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

void CheckHead(Kind kind, const MessageHead& head, const Limits& limits) {
  for (const auto& [name, value] : head.headers) {
    Require(!name.empty() && FitsALine(name) && name.find_first_of(" \t:") == std::string::npos,
            "the name of a field is a token");
    Require(FitsALine(value), "the value of a field is one line");
  }
  if (kind != Kind::kRequest) return;
  Require(head.target == "*" || head.target.starts_with('/'), "a target is in origin form");
  Require(FitsALine(head.target) && head.target.find(' ') == std::string::npos,
          "a target is one word");
  Require(!head.method.empty() && FitsALine(head.method), "a method is one word");

  std::string text = absl::StrCat(head.method, " ", head.target, " HTTP/1.",
                                  head.version == 11 ? "1" : "0", "\r\n");
  for (const auto& [name, value] : head.headers) {
    absl::StrAppend(&text, name, ": ", value, "\r\n");
  }
  if (head.chunked) text += "Transfer-Encoding: chunked\r\n";
  if (head.content_length) absl::StrAppend(&text, "Content-Length: ", *head.content_length, "\r\n");
  if (!head.keep_alive) text += "Connection: close\r\n";
  if (head.keep_alive && head.version == 10) text += "Connection: keep-alive\r\n";
  if (head.expect_continue) text += "Expect: 100-continue\r\n";
  text += "\r\n";
  MessageParser parser(kind, limits);
  const size_t taken = parser.ParseHead(text);
  Require(parser.head_done(), "a head that was taken is taken again");
  Require(taken == text.size(), "and all of it is the head");
  RequireEqual(Show(parser.head()), Show(head), "and it says the same");
}

// Everything that comes out of a connection's bytes.
std::string Parse(Kind kind, bool no_body, const std::vector<std::string_view>& pieces,
                  const Limits& limits) {
  MessageParser parser(kind, limits);
  std::string outcome, pending, body;
  const auto begin = [&] {
    parser.Reset();
    if (no_body) parser.ExpectNoBody();
    body.clear();
  };
  begin();
  const auto advance = [&] {  // false when it needs more, or there is an error
    if (!parser.head_done()) {
      const size_t taken = parser.ParseHead(pending);
      Require(taken <= pending.size(), "no more is taken than there is");
      pending.erase(0, taken);
      if (parser.error() || !parser.head_done()) return false;
      CheckHead(kind, parser.head(), limits);
      outcome += Show(parser.head());
      return true;
    }
    if (!parser.done()) {
      std::string_view piece;
      const size_t taken = parser.ParseBody(pending, &piece);
      Require(taken <= pending.size(), "no more is taken than there is");
      Require(piece.empty() || (piece.data() >= pending.data() &&
                                piece.data() + piece.size() <= pending.data() + taken),
              "a part of the body lies in what was taken");
      body += piece;
      pending.erase(0, taken);
      return !parser.error() && (taken > 0 || parser.done());
    }
    absl::StrAppend(&outcome, body, "\n--\n");
    begin();
    return !pending.empty();
  };
  for (const std::string_view piece : pieces) {
    if (parser.error()) break;
    pending += piece;
    while (advance()) {
    }
  }
  if (!parser.error() && (parser.started() || !pending.empty())) parser.ParseEnd();
  if (parser.error()) {
    absl::StrAppend(&outcome, body, "\nerror ", parser.error()->status, " ",
                    parser.error()->message);
  } else {
    absl::StrAppend(&outcome, body, parser.done() ? "\ndone" : "\nnothing");
  }
  return outcome;
}

void Check(std::string_view data) {
  const uint8_t choice = TakeByte(data);
  const uint8_t seed = TakeByte(data);
  const Kind kind = choice % 4 == 0 ? Kind::kResponse : Kind::kRequest;
  const bool no_body = kind == Kind::kResponse && choice >= 128;
  const Limits limits;
  const std::string whole = Parse(kind, no_body, {data}, limits);
  const std::string cut = Parse(kind, no_body, Cut(data, seed), limits);
  // What is wrong with a head that never ends is found sooner or later.
  const auto before_error = [](std::string_view outcome) {
    return outcome.substr(0, outcome.rfind("\nerror "));
  };
  const bool too_soon = whole.ends_with(kTooSoon) || cut.ends_with(kTooSoon);
  if (too_soon && before_error(whole) == before_error(cut)) return;
  RequireEqual(whole, cut, "cuts change nothing");
}

std::vector<std::string> Seeds() {
  const std::string request = "\x01\x05", response = std::string("\x04\x05");
  return {
      request + "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /b?c=%20 HTTP/1.0\r\n\r\n",
      request + "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
      request +
          "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
          "3\r\nhel\r\n2;ext=1\r\nlo\r\n0\r\nTrailer-A: b\r\n\r\nGET / HTTP/1.1\r\n",
      request +
          "POST http://b:80/x HTTP/1.1\r\nhost: a\r\nExpect: 100-continue\r\n"
          "Connection: close\r\nContent-Length: 0\r\nCookie: \t x \r\n\r\n",
      request + "OPTIONS * HTTP/1.1\r\nHost: a\r\nAccept: x\r\nAccept: y\r\n\r\n",
      request +
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      response + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 204 \r\n\r\n",
      response + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
      response + "HTTP/1.0 404 Not Found\r\nContent-Type: text/plain\r\n\r\nuntil it closes",
      response + "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\n",
      std::string("\x80\x05") + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
  };
}

const Fuzzer fuzzer("http_message", Check, Seeds);

}  // namespace
}  // namespace runnel::fuzz
