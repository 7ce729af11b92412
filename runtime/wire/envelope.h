// Envelopes carry the messages of a stream in one HTTP body, as the Connect protocol has it: a byte
// of flags, the length of the payload in four bytes, the highest first, and the payload.

#ifndef RUNNEL_RUNTIME_WIRE_ENVELOPE_H_
#define RUNNEL_RUNTIME_WIRE_ENVELOPE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace runnel {

inline constexpr uint8_t kCompressedEnvelope = 0x01;
// The last one of a response: EndOfStream as JSON (connect_error.h).
inline constexpr uint8_t kEndStreamEnvelope = 0x02;

struct Envelope {
  uint8_t flags = 0;
  std::string_view payload;

  bool compressed() const { return (flags & kCompressedEnvelope) != 0; }
  bool end_stream() const { return (flags & kEndStreamEnvelope) != 0; }
};

// Appends an envelope. A payload has less than 4 GiB.
void AppendEnvelope(uint8_t flags, std::string_view payload, std::string& out);

// EnvelopeParser takes envelopes out of a body, however its bytes are cut. Not thread-safe.
class EnvelopeParser {
 public:
  // A payload of more than `max_payload_bytes`, as it travels, is refused; `limit_name` says how to
  // allow it.
  EnvelopeParser(size_t max_payload_bytes, std::string limit_name);

  // Keeps a copy of the body's next bytes.
  void Feed(std::string_view bytes);

  // The next complete envelope, which is valid until the next Feed or Next; nullopt when there is
  // none yet; RESOURCE_EXHAUSTED as soon as the length of one that is too large has come, and
  // INVALID_ARGUMENT for flags that nobody has defined: after either the parser is of no use.
  absl::StatusOr<std::optional<Envelope>> Next();

  // Bytes that were fed and not taken. When the body has ended and Next has returned nullopt, more
  // than none means that it ended in the middle of an envelope.
  size_t pending() const { return buffer_.size() - taken_; }

 private:
  const size_t max_payload_bytes_;
  const std::string limit_name_;
  std::string buffer_;
  size_t taken_ = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_WIRE_ENVELOPE_H_
