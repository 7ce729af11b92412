// ClientConnection is the client's end of one HTTP/1 connection: it sends a request, brings
// the response, and does so again while both sides keep it open.

#ifndef RUNNEL_RUNTIME_HTTP_CLIENT_CONNECTION_H_
#define RUNNEL_RUNTIME_HTTP_CLIENT_CONNECTION_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/task_group.h"
#include "runtime/core/limits.h"
#include "runtime/http/byte_stream.h"
#include "runtime/http/http_message.h"
#include "runtime/http/http_message_writer.h"
#include "runtime/http/input_buffer.h"
#include "runtime/http/message_parser.h"

namespace runnel {

// Lives on its client's loop, owned by the exchange it serves or by the pool it idles in.
class ClientConnection : public std::enable_shared_from_this<ClientConnection> {
 public:
  // Takes a connection whose exchange is over and which may serve another.
  using GiveBack = std::function<void(std::shared_ptr<ClientConnection>)>;

  ClientConnection(Executor executor, std::shared_ptr<ByteStream> stream, const Limits& limits,
                   GiveBack give_back);
  ~ClientConnection();
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;

  // Sends `head` and `body` and returns when the response's head is there; a body that is
  // long, or not all there, goes on being sent meanwhile. One exchange at a time; it ends with
  // the response's body. After an error the connection is closed.
  Awaitable<absl::StatusOr<HttpResponse>> Exchange(std::string head, bool is_head_request,
                                                   std::shared_ptr<HttpBody> body,
                                                   BodyFraming framing);

  // Whether a byte of the last exchange's response arrived.
  bool has_received() const { return received_; }
  // Waits until a body that was being sent is in use no more.
  Awaitable<void> JoinUpload() { return tasks_.Join(); }

  bool IsQuiet() { return stream_->IsQuiet(); }
  // Ends the connection and what is under way on it.
  void Close();

 private:
  class ResponseBody;

  static Awaitable<void> Upload(std::shared_ptr<ClientConnection> self, std::string head,
                                std::shared_ptr<HttpBody> body, BodyFraming framing);
  Awaitable<absl::Status> ReceiveHead(bool is_head_request);
  // Receives more; OK with input_ended_ set at the end.
  Awaitable<absl::Status> Receive();
  Awaitable<HttpBody::Piece> ReadBody(ResponseBody* body);
  // What ReadBody gives where it need not wait.
  std::optional<HttpBody::Piece> TryReadBody(ResponseBody* body);
  // The response is complete.
  void FinishExchange();
  absl::Status Failure(std::string_view what) const;

  const Executor executor_;
  const std::shared_ptr<ByteStream> stream_;
  const GiveBack give_back_;
  InputBuffer input_;
  MessageParser parser_;
  HttpMessageWriter writer_;
  bool received_ = false;
  bool input_ended_ = false;
  bool uploading_ = false;
  absl::Status upload_failure_;
  bool closed_ = false;
  TaskGroup tasks_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_CLIENT_CONNECTION_H_
