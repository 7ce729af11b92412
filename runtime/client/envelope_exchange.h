// EnvelopeExchange is the HTTP exchange of a call whose messages travel in envelopes (PROTOCOL.md,
// A.5): what is written is sent, and the response taken, at the same time.

#ifndef RUNNEL_RUNTIME_CLIENT_ENVELOPE_EXCHANGE_H_
#define RUNNEL_RUNTIME_CLIENT_ENVELOPE_EXCHANGE_H_

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/signal.h"
#include "runtime/client/direct_exchange.h"
#include "runtime/client/direct_options.h"
#include "runtime/core/method_info.h"
#include "runtime/http/http_message.h"
#include "runtime/wire/envelope.h"

namespace runnel {

// Lives on its channel's loop. Shared by the attempt, the task that runs the exchange and the
// request's body, the latter two of which may end after the attempt.
class EnvelopeExchange : public std::enable_shared_from_this<EnvelopeExchange> {
 public:
  explicit EnvelopeExchange(const DirectOptions& direct);

  // Adds a message to the request.
  void Write(std::string_view message);
  // None follows.
  void CompleteRequest();
  // OK when there is room for another message; else why the call is over, or soon will be.
  Awaitable<absl::Status> AwaitRoom();

  // Adds the body, and the fields that say how messages travel.
  void FinishRequest(HttpRequest& request);
  // The exchange, from `request` to the end of its response.
  static Awaitable<void> Run(std::shared_ptr<EnvelopeExchange> self,
                             std::shared_ptr<HttpClient> http, HttpRequest request, CallKind kind);

  // Replaces `message` by the next one of the response. False when the exchange has ended, as end()
  // says.
  Awaitable<absl::StatusOr<bool>> Read(std::string& message);
  const DirectResponse& response() const { return response_; }

  // What it has ended with: what the response says behind its messages, when they have been read,
  // or what End said before.
  const std::optional<absl::Status>& end() const { return end_; }
  void End(absl::Status status);

 private:
  class Body;
  struct Message {
    bool compressed = false;
    std::string bytes;
  };

  std::string MediaType() const;
  Awaitable<absl::Status> ReadMessages();
  absl::Status TakeMessages();
  absl::Status TakeMessage(const Envelope& envelope);
  absl::StatusOr<std::string> NextUnread();

  const Limits limits_;
  const Codec codec_;
  const Compression compression_;
  const size_t compress_min_bytes_;

  std::string out_;                // envelopes on their way
  bool request_complete_ = false;  // no more will come
  bool refused_ = false;           // nobody takes them any more
  Signal written_;

  DirectResponse response_;
  EnvelopeParser parser_;
  std::deque<Message> unread_;
  size_t unread_bytes_ = 0;
  bool complete_ = false;  // the end of the stream has come, with this status
  absl::Status end_of_stream_;
  std::optional<absl::Status> last_;  // what follows the messages that are unread
  std::optional<absl::Status> end_;
  Signal changed_;  // any of that, or room in `out_`
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_ENVELOPE_EXCHANGE_H_
