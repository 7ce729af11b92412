// SessionUpload is the exchange of an Upload: frames of a session in one request that is kept open,
// and acknowledgements in its response (PROTOCOL.md, B.3).

#ifndef RUNNEL_RUNTIME_SERVER_SESSION_UPLOAD_H_
#define RUNNEL_RUNTIME_SERVER_SESSION_UPLOAD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/clock.h"
#include "runtime/core/byte_budget.h"
#include "runtime/core/limits.h"
#include "runtime/http/http_message.h"
#include "runtime/server/server_session.h"
#include "runtime/wire/envelope.h"

namespace runnel {

// The body of the response: whoever reads it takes the request. Lives on the loop of the connection
// that carries it, which may be another than the session's.
class SessionUpload final : public HttpBody {
 public:
  struct Options {
    std::shared_ptr<ServerSession> session;
    std::unique_ptr<HttpBody> request;  // may be null: then it is over at once
    absl::Time ends_at;                 // the client is to ask again, as somebody who may
    Clock* clock = nullptr;
    ByteBudget* receiving = nullptr;
  };

  explicit SessionUpload(Options options);

  // The next acknowledgement. An error when the client, or the session, is done for: its connection
  // ends, and the client hears the reason from a Send.
  Awaitable<Piece> Read() override;

 private:
  // Takes one envelope, all of its frames: waits while the session has no room for them.
  Awaitable<absl::Status> Take(std::string_view bytes);
  // More of the request.
  Awaitable<absl::Status> ReadMore();
  // Whether the client is to hear now how far we are.
  bool AckDue() const;

  const Options options_;
  const Limits frame_limits_;
  EnvelopeParser parser_;
  ByteLease held_;  // what is in the parser
  std::string out_;
  uint64_t received_ = 0;      // number of the last frame the session has
  uint64_t acknowledged_ = 0;  // … and the client knows of
  size_t unacknowledged_bytes_ = 0;
  absl::Time acknowledged_at_ = absl::InfinitePast();
  bool pinged_ = false;
  int pieces_ = 0;
  bool request_ended_ = false;
  bool ended_ = false;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_SESSION_UPLOAD_H_
