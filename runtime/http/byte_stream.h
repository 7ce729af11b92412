// ByteStream is a connection as HTTP sees it: bytes in, bytes out. What carries them (plain
// TCP, TLS) hides behind it, so that HTTP is compiled once, without Asio's stream templates.

#ifndef RUNNEL_RUNTIME_HTTP_BYTE_STREAM_H_
#define RUNNEL_RUNTIME_HTTP_BYTE_STREAM_H_

#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/http/peer_certificate.h"

namespace runnel {

// Lives on one loop. One ReadSome and one Write may be in flight at a time, beside each
// other; the object outlives both (hold it by shared_ptr where that is not plain).
class ByteStream {
 public:
  enum class Close {
    kOrderly,  // the peer sees the end after everything that was written
    kReset,    // the peer sees an error: what it has got is not all
  };

  virtual ~ByteStream() = default;

  // Whether the connection has to be made ready first, by the peer too: then once, before anything
  // is read or written. Errors as below.
  virtual bool needs_handshake() const { return false; }
  virtual Awaitable<absl::Status> Handshake() { co_return absl::OkStatus(); }

  // Reads into `space` (not empty) and returns how much; 0 is the end. UNAVAILABLE when the
  // connection broke or was closed, UNAUTHENTICATED when the peer wants another certificate,
  // CANCELLED when the awaiting coroutine was cancelled.
  virtual Awaitable<absl::StatusOr<size_t>> ReadSome(asio::mutable_buffer space) = 0;

  // As ReadSome where it need not wait; nullopt where it must, or where others on the loop shall
  // have a turn first. Not while a ReadSome is in flight.
  virtual std::optional<absl::StatusOr<size_t>> TryRead(asio::mutable_buffer space) = 0;
  // Calls `ready` from the loop, once, when TryRead is worth a try: there is something to read, the
  // end, or CloseNow was called. One at a time, and not while a ReadSome is in flight.
  virtual void WhenReadable(absl::AnyInvocable<void()> ready) = 0;

  // Writes all of `buffers`, gathered. Errors as above; after one, nothing more can be written.
  virtual Awaitable<absl::Status> Write(std::span<const asio::const_buffer> buffers) = 0;

  // Writes what fits now and returns how much that is, while no Write is in flight. What is left is
  // for Write, which also finds the error behind a 0.
  virtual size_t TryWrite(std::span<const asio::const_buffer>) { return 0; }

  // Tells the peer that no more will be written; reading goes on.
  virtual Awaitable<void> FinishWriting() = 0;

  // The ReadSome in flight, and every later one, returns 0. Writing goes on.
  virtual void StopReading() = 0;

  // Ends both directions and whatever is in flight.
  virtual void CloseNow(Close how) = 0;

  // Whether the connection is open with nothing to read, not even the peer's end: fit to be
  // used again after having been idle.
  virtual bool IsQuiet() = 0;

  // The peer's address, "127.0.0.1:53122".
  virtual std::string peer() const = 0;
  // What the peer has proved to be, after the handshake; null where it did not have to.
  virtual std::shared_ptr<const PeerCertificate> peer_certificate() const { return nullptr; }
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_BYTE_STREAM_H_
