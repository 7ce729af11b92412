// Gzip: what is decompressed stays within its limit and does not depend on it, and what is
// compressed comes back.

#include "runtime/wire/gzip.h"

#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/fuzzer.h"

namespace runnel::fuzz {
namespace {

void Check(std::string_view data) {
  const size_t limit = size_t{TakeByte(data)} * 16;
  const auto within = Gunzip(data, limit, "the limit");
  const auto roomy = Gunzip(data, 1 << 20, "the limit");
  if (within.ok()) {
    Require(within->size() <= limit, "what was decompressed is within its limit");
    Require(roomy.ok(), "a larger limit refuses no more");
    RequireEqual(*within, *roomy, "the limit changes nothing of what fits");
  } else if (within.status().code() == absl::StatusCode::kResourceExhausted) {
    Require(!roomy.ok() || roomy->size() > limit, "only what is too large is too large");
  } else {
    Require(within.status().code() == absl::StatusCode::kInvalidArgument, "the other error");
    Require(!roomy.ok(), "what is no gzip stays none");
  }

  std::string compressed;
  AppendGzip(data, compressed);
  Require(compressed.size() <= MaxGzipBytes(data.size()), "no more comes of it than was said");
  const auto again = Gunzip(compressed, data.size(), "the limit");
  Require(again.ok(), "what was compressed is gzip");
  RequireEqual(*again, data, "what was compressed comes back");
}

std::vector<std::string> Seeds() {
  std::string none, text, zeros;
  AppendGzip("", none);
  AppendGzip("hello hello hello hello", text);
  AppendGzip(std::string(100'000, '\0'), zeros);
  return {"\x01" + none,  "\x01" + text,        "\x02" + text,
          "\xff" + zeros, "\x01" + text + text, "\x01" + text.substr(0, 12)};
}

const Fuzzer fuzzer("gzip", Check, Seeds);

}  // namespace
}  // namespace runnel::fuzz
