// Envelopes: however a body is cut, the same ones come out of it, and they are what was in it.

#include "runtime/wire/envelope.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/wire/gzip.h"
#include "tests/fuzz/fuzzer.h"

namespace runnel::fuzz {
namespace {

constexpr size_t kMaxPayload = 256;

struct Outcome {
  std::string envelopes;  // encoded again
  absl::Status error;
  size_t pending = 0;
};

Outcome Parse(const std::vector<std::string_view>& pieces) {
  EnvelopeParser parser(kMaxPayload, "the limit");
  Outcome outcome;
  for (const std::string_view piece : pieces) {
    parser.Feed(piece);
    while (true) {
      absl::StatusOr<std::optional<Envelope>> next = parser.Next();
      if (!next.ok()) {
        outcome.error = next.status();
        return outcome;
      }
      if (!next->has_value()) break;
      const Envelope& envelope = **next;
      Require(envelope.payload.size() <= kMaxPayload, "a payload is within its limit");
      Require((envelope.flags & ~(kCompressedEnvelope | kEndStreamEnvelope)) == 0,
              "only known flags come out");
      AppendEnvelope(envelope.flags, envelope.payload, outcome.envelopes);
      if (!envelope.compressed()) continue;
      constexpr size_t kMaxBytes = 1024;
      const auto bytes = Gunzip(envelope.payload, kMaxBytes, "the limit");
      if (bytes.ok())
        Require(bytes->size() <= kMaxBytes, "what was compressed is within its limit");
    }
  }
  outcome.pending = parser.pending();
  return outcome;
}

void Check(std::string_view data) {
  const uint8_t seed = TakeByte(data);
  const Outcome whole = Parse({data});
  const Outcome cut = Parse(Cut(data, seed));
  RequireEqual(whole.envelopes, cut.envelopes, "cuts change no envelope");
  RequireEqual(whole.error.ToString(), cut.error.ToString(), "cuts change no error");
  RequireEqual(data.substr(0, whole.envelopes.size()), whole.envelopes,
               "envelopes are what was in the body");
  if (whole.error.ok()) {
    Require(whole.pending == cut.pending, "cuts change nothing of what is left");
    Require(whole.envelopes.size() + whole.pending == data.size(), "nothing is lost");
  }
}

std::vector<std::string> Seeds() {
  std::string two, compressed, gzip, large("\x01\x00\x00\x00\x01\x01", 6);
  AppendEnvelope(0, "{\"text\":\"hello\"}", two);
  AppendEnvelope(kEndStreamEnvelope, "{}", two);
  AppendGzip(std::string(2000, 'a'), gzip);
  AppendEnvelope(kCompressedEnvelope, gzip, compressed);
  std::string short_gzip, fits;
  AppendGzip("hello", short_gzip);
  AppendEnvelope(kCompressedEnvelope | kEndStreamEnvelope, short_gzip, fits);
  return {absl::StrCat("\x01", two),
          absl::StrCat("\x07", compressed),
          absl::StrCat("\x09", fits),
          large,
          std::string("\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 11),
          std::string("\x03\x04\x00\x00\x00\x00", 6)};
}

const Fuzzer fuzzer("envelope", Check, Seeds);

}  // namespace
}  // namespace runnel::fuzz
