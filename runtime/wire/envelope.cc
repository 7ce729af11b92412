#include "runtime/wire/envelope.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

constexpr size_t kHeadBytes = 5;
constexpr uint8_t kKnownFlags = kCompressedEnvelope | kEndStreamEnvelope;

}  // namespace

void AppendEnvelope(uint8_t flags, std::string_view payload, std::string& out) {
  const auto size = static_cast<uint32_t>(payload.size());
  const char head[kHeadBytes] = {static_cast<char>(flags), static_cast<char>(size >> 24),
                                 static_cast<char>(size >> 16), static_cast<char>(size >> 8),
                                 static_cast<char>(size)};
  out.append(head, kHeadBytes);
  out.append(payload);
}

EnvelopeParser::EnvelopeParser(size_t max_payload_bytes, std::string limit_name)
    : max_payload_bytes_(max_payload_bytes), limit_name_(std::move(limit_name)) {}

void EnvelopeParser::Feed(std::string_view bytes) {
  // Moves what is left only when that is less than what is gone: linear in all.
  if (taken_ > 0 && taken_ >= pending()) {
    buffer_.erase(0, taken_);
    taken_ = 0;
  }
  buffer_.append(bytes);
}

absl::StatusOr<std::optional<Envelope>> EnvelopeParser::Next() {
  const std::string_view rest = std::string_view(buffer_).substr(taken_);
  if (rest.empty()) return std::nullopt;
  const auto byte = [rest](size_t i) { return static_cast<uint8_t>(rest[i]); };
  if ((byte(0) & ~kKnownFlags) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("an envelope has the flags ", static_cast<int>(byte(0)),
                     "; 1 (compressed) and 2 (end of the stream) are known"));
  }
  if (rest.size() < kHeadBytes) return std::nullopt;
  const uint32_t size = uint32_t{byte(1)} << 24 | uint32_t{byte(2)} << 16 | uint32_t{byte(3)} << 8 |
                        uint32_t{byte(4)};
  if (size > max_payload_bytes_) {
    return absl::ResourceExhaustedError(absl::StrCat("envelope of ", size, " bytes; limit is ",
                                                     limit_name_, " = ", max_payload_bytes_));
  }
  if (rest.size() - kHeadBytes < size) return std::nullopt;
  Envelope envelope;
  envelope.flags = byte(0);
  envelope.payload = rest.substr(kHeadBytes, size);
  taken_ += kHeadBytes + size;
  return envelope;
}

}  // namespace runnel
