// HttpBody is a body as a sequence of pieces that its consumer pulls. The consumer's pace
// is the producer's limit: nothing is read from, or made for, a peer that is not ready.

#ifndef RUNNEL_RUNTIME_HTTP_HTTP_BODY_H_
#define RUNNEL_RUNTIME_HTTP_HTTP_BODY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/core/byte_budget.h"

namespace runnel {

// Lives on the loop of the exchange it belongs to. Destroying a body before its end
// abandons the exchange: the peer sees its connection (or its request) cut.
class HttpBody {
 public:
  using Piece = absl::StatusOr<std::optional<std::string_view>>;

  virtual ~HttpBody() = default;

  // The next piece, never empty, valid until the next Read or the end of the body object;
  // nullopt at the end; UNAVAILABLE when the other side vanished before it; DEADLINE_EXCEEDED
  // when it said nothing for too long; CANCELLED when the awaiting coroutine is. One Read at a
  // time.
  virtual Awaitable<Piece> Read() = 0;
  // The same where it need not wait; nullopt where it must, or where nobody knows.
  virtual std::optional<Piece> TryRead() { return std::nullopt; }

  // All of the body, valid as a piece is, where nothing of it has been read, it is here, and it has
  // no more than `max_bytes`; nullopt otherwise, and nothing has been taken.
  virtual std::optional<std::string_view> TryReadAll(uint64_t /*max_bytes*/) {
    return std::nullopt;
  }

  // The number of bytes in all, where it is known beforehand (Content-Length).
  virtual std::optional<uint64_t> size() const { return std::nullopt; }

  // Whether the piece that was read last is known to be the final one. True saves the
  // consumer a turn (and its peer a packet); false says nothing.
  virtual bool ended() const { return false; }

  // Whether all of it is there, and comes from nowhere else.
  virtual bool whole() const { return false; }

  // Starts over, so that a request can be sent once more; false when the bytes are gone.
  virtual bool Rewind() { return false; }
};

// A body that is all there already. A null `std::unique_ptr<HttpBody>` is an empty one.
std::unique_ptr<HttpBody> StringBody(std::string bytes);

// Reads `body` (which may be null) to its end. RESOURCE_EXHAUSTED, naming `limit_name`, when
// it has more than `max_bytes`; UNAVAILABLE when `budget`, which may be null, has no more for what
// is there while the rest arrives.
Awaitable<absl::StatusOr<std::string>> ReadAll(HttpBody* body, uint64_t max_bytes,
                                               std::string_view limit_name,
                                               ByteBudget* budget = nullptr);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_HTTP_BODY_H_
