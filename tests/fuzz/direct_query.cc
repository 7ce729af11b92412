// The query of a call by GET: what is taken means the same in its plainest form.

#include "runtime/server/direct_query.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/fuzz/fuzzer.h"

namespace runnel::fuzz {
namespace {

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const unsigned char c : text) absl::StrAppendFormat(&escaped, "%%%02x", c);
  return escaped;
}

void Check(std::string_view data) {
  const auto parsed = DirectQuery::Parse(data);
  if (!parsed.ok()) {
    Require(parsed.status().code() == absl::StatusCode::kInvalidArgument ||
                parsed.status().code() == absl::StatusCode::kUnimplemented,
            "a query is wrong, or asks for what is not there");
    return;
  }
  Require(!parsed->message || parsed->message->size() <= data.size(), "nothing grows");
  std::string plain =
      absl::StrCat("encoding=", parsed->codec == Codec::kJson ? "json" : "proto",
                   "&compression=", parsed->coding == Compression::kGzip ? "gzip" : "identity");
  if (parsed->message) absl::StrAppend(&plain, "&message=", Escaped(*parsed->message));
  const auto again = DirectQuery::Parse(plain);
  Require(again.ok(), "a query in its plainest form is taken");
  Require(again->codec == parsed->codec && again->coding == parsed->coding, "it asks for the same");
  Require(again->message.has_value() == parsed->message.has_value(), "it has a message or none");
  if (parsed->message) RequireEqual(*again->message, *parsed->message, "it says the same");
}

std::vector<std::string> Seeds() {
  return {"connect=v1&encoding=json&message=%7B%22text%22%3A%22a%20b%22%7D",
          "connect=v1&encoding=proto&base64=1&message=CgVoZWxsbw",
          "encoding=proto&base64=1&message=-_8=&compression=gzip",
          "message={}&message=%7b%7D+&x=y&&=",
          "encoding=json&compression=br&message=",
          "message=%",
          "message=%4",
          "message=%4g",
          "connect=v2",
          "base64=1"};
}

const Fuzzer fuzzer("direct_query", Check, Seeds);

}  // namespace
}  // namespace runnel::fuzz
