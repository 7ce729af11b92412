// TorturePeer is a client that sends whatever it is told to, and reads what a server makes of it.

#ifndef RUNNEL_TESTS_CONFORMANCE_TORTURE_PEER_H_
#define RUNNEL_TESTS_CONFORMANCE_TORTURE_PEER_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace conformance {

struct TortureResponse {
  int status = 0;
  std::string text;  // head and body, as they came, but for the framing of chunks
};

// One connection. Blocks, but no longer than 30 s (DEADLINE_EXCEEDED).
class TorturePeer {
 public:
  // To a port of this machine.
  static absl::StatusOr<TorturePeer> Connect(int port);
  TorturePeer(TorturePeer&& other) noexcept;
  ~TorturePeer();

  // A server that has closed the connection meanwhile is no error: its answer may be there.
  absl::Status Send(std::string_view bytes);
  void EndSending();
  // UNAVAILABLE where the connection ends first, DATA_LOSS where what comes is no response. `head`:
  // to a HEAD, so without a body.
  absl::StatusOr<TortureResponse> Read(bool head = false);
  // Returns OK at the end of the connection, in whichever way; DATA_LOSS where something else
  // comes.
  absl::Status ReadEnd();

 private:
  explicit TorturePeer(int socket) : socket_(socket) {}

  // Waits until reading (or writing) would not block.
  absl::Status Wait(short events);
  // More of buffer_; false at the end of the connection.
  absl::StatusOr<bool> Fill();
  absl::Status FillTo(size_t size);
  absl::StatusOr<std::string> TakeLine();
  absl::StatusOr<std::string> TakeChunks();

  int socket_;
  std::string buffer_;
};

}  // namespace conformance

#endif  // RUNNEL_TESTS_CONFORMANCE_TORTURE_PEER_H_
