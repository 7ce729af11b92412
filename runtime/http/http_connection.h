// HttpConnection is the server's end of one HTTP/1 connection: it parses requests, lets the
// handler answer them one after the other, and writes the answers. Between two requests it has
// nothing but itself and a wait for input: no coroutine, no buffer.

#ifndef RUNNEL_RUNTIME_HTTP_HTTP_CONNECTION_H_
#define RUNNEL_RUNTIME_HTTP_HTTP_CONNECTION_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/async/signal.h"
#include "runtime/async/task_group.h"
#include "runtime/core/limits.h"
#include "runtime/http/byte_stream.h"
#include "runtime/http/connection_budget.h"
#include "runtime/http/http_body.h"
#include "runtime/http/http_message.h"
#include "runtime/http/http_message_writer.h"
#include "runtime/http/input_buffer.h"
#include "runtime/http/live_connection.h"
#include "runtime/http/message_parser.h"

namespace runnel {

class HttpConnection;

// What the connections of one server share. Lives on the server's loop.
struct ConnectionContext {
  ConnectionContext(Executor e, HttpHandler& h, const Limits& l, Clock& c)
      : executor(std::move(e)), handler(h), limits(l), clock(c) {}

  // The text of a Date field.
  const std::string& Date();

  const Executor executor;
  HttpHandler& handler;
  const Limits limits;
  Clock& clock;
  bool stopping = false;                            // every response is its connection's last
  std::map<uint64_t, HttpConnection*> connections;  // by their numbers
  uint64_t last_number = 0;
  size_t refusals = 0;  // those of them that are only told that they are too many
  Signal connection_ended;

 private:
  int64_t date_second_ = -1;
  std::string date_;
};

// Its tasks own it. While it exists it stands in the context's `connections`.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(std::shared_ptr<ConnectionContext> context, std::shared_ptr<ByteStream> stream);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // Serves until the connection ends, with which `place` is given back.
  void Start(ConnectionBudget::Place place);
  // Answers 503 with `message` instead.
  void StartRefusing(std::string message);

  LiveConnection Describe() const;

  // Ends the connection when no request is under way.
  void CloseIfIdle();
  // Ends it now: cancels the handler, destroys the response's body.
  void Cut();

 private:
  enum class Phase {
    kHead,     // between two requests, or a head is arriving
    kBody,     // the request's body is arriving; it is read when the handler wants it
    kAnswer,   // the request is all there: what arrives is the next one, or the peer's end
    kDiscard,  // what arrives is of no use any more
  };
  // What has become of the next request's head.
  enum class Head {
    kArriving,
    kComplete,
    kRefused,  // see refusal_
    kNone,     // no request follows
  };
  class RequestBody;

  // --- http_connection.cc: the connection, and what arrives on it

  static Awaitable<void> Open(std::shared_ptr<HttpConnection> self);
  static Awaitable<void> Refuse(std::shared_ptr<HttpConnection> self, std::string message);
  // Makes the connection ready for use; false when it cannot be.
  Awaitable<bool> Handshake();

  // Has OnReadable called when there is something to receive, if that is wanted now.
  void Watch();
  void OnReadable();
  // Receives what is there; whether something, or the end, was.
  bool Receive();
  // While a request is served.
  void OnInputEnd();
  bool WantsInput() const;
  // Begins with the next request.
  Head NextHead();
  // Goes on with it.
  Head TakeHead();
  // Cuts in the next turn of the loop.
  void CutSoon();
  void SetPhase(Phase phase);
  void SetDeadline(absl::Time deadline);
  void ArmTimer();
  void OnTimer();

  // --- http_exchange.cc: requests and their answers

  // Serves requests, the first of which has the `head`, until the next one has yet to arrive. Or
  // ends the connection.
  static Awaitable<void> Serve(std::shared_ptr<HttpConnection> self, Head head);
  HttpRequest TakeRequest();
  Awaitable<bool> Respond(HttpResponse response);
  Awaitable<void> RespondError(int status, std::string message);
  Awaitable<HttpBody::Piece> ReadBody(RequestBody* body);
  // What ReadBody gives where it need not wait.
  std::optional<HttpBody::Piece> TryReadBody(RequestBody* body);
  // Before a response to a request whose body has not been read to its end: sees whether too much
  // of it is still to come for Drain, or nobody knows how much, and the connection is to be closed.
  // The peer shall hear of that before it sends another request.
  void LeaveBody(const HttpResponse& response);
  // Takes what is left of a request's body; false when that is too much.
  Awaitable<bool> Drain();
  // Gives the peer a chance to read the last response before the connection is closed.
  Awaitable<void> Linger();

  const std::shared_ptr<ConnectionContext> context_;
  const std::shared_ptr<ByteStream> stream_;
  const uint64_t number_;
  const absl::Time opened_;
  uint64_t requests_ = 0;
  std::optional<ConnectionBudget::Place> place_;
  bool refusing_ = false;
  InputBuffer input_;
  MessageParser parser_;
  HttpMessageWriter writer_;

  Phase phase_ = Phase::kHead;
  bool watching_ = false;      // OnReadable will be called
  bool receiving_ = false;     // OnReadable is at work, and will watch
  bool serving_ = false;       // Serve, or Refuse, is at work
  bool head_started_ = false;  // a byte of the next request has arrived
  std::optional<MessageError> refusal_;
  RequestBody* body_ = nullptr;  // the handler's, while the exchange lasts
  absl::Status body_error_;
  bool body_wanted_ = false;        // somebody waits for more of the body
  bool continue_expected_ = false;  // the client waits for "100 Continue"
  bool response_started_ = false;
  bool closing_ = false;  // no further request will be served
  bool cut_ = false;
  bool lingers_ = false;
  bool input_ended_ = false;
  bool timed_out_ = false;  // input_ended_ is our own doing

  // One timer at most; a deadline that moves back costs nothing.
  absl::Time deadline_ = absl::InfiniteFuture();
  absl::Time timer_due_ = absl::InfiniteFuture();
  std::unique_ptr<Timer> timer_;

  Signal arrived_;  // there is more input, or its end
  TaskGroup tasks_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_HTTP_CONNECTION_H_
