// HttpMessageWriter sends HTTP/1 messages: a head that is already text, and a body piece by
// piece as its producer makes it.

#ifndef RUNNEL_RUNTIME_HTTP_HTTP_MESSAGE_WRITER_H_
#define RUNNEL_RUNTIME_HTTP_HTTP_MESSAGE_WRITER_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "runtime/async/awaitable.h"
#include "runtime/http/byte_stream.h"
#include "runtime/http/http_body.h"
#include "runtime/http/http_headers.h"

namespace runnel {

enum class BodyFraming {
  kNone,        // the head is all
  kLength,      // as many bytes as the body's size() says
  kChunked,     // chunks and a last chunk
  kUntilClose,  // until the connection is closed
};

// Appends `headers` and the empty line to the text of a head, leaving out the fields that
// frame the message. INVALID_ARGUMENT for a name or a value that would break the framing.
absl::Status AppendHeaders(const HttpHeaders& headers, std::string* head);

// Lives on its connection's loop. One Write at a time.
class HttpMessageWriter {
 public:
  struct Result {
    // No aggregate: g++ 12 copies the members of a braced one byte by byte around a co_await.
    Result() = default;
    explicit Result(absl::Status s, bool body = false) : status(std::move(s)), body_failed(body) {}

    absl::Status status;
    bool body_failed = false;  // it is the body's own error, not the connection's
  };

  HttpMessageWriter(Executor executor, std::shared_ptr<ByteStream> stream);
  ~HttpMessageWriter();
  HttpMessageWriter(const HttpMessageWriter&) = delete;
  HttpMessageWriter& operator=(const HttpMessageWriter&) = delete;

  // Writes `head`, then `body` (null only with kNone) to its end, never holding a piece
  // back. The head leaves together with the first piece where that is there at once, and
  // alone one turn of the loop later where it is not. After an error the message is
  // incomplete: close the connection.
  Awaitable<Result> Write(std::string head, HttpBody* body, BodyFraming framing);

  // Writes `bytes`, between two writes of what else is being written.
  Awaitable<absl::Status> WriteBytes(std::string_view bytes);

 private:
  struct State;
  static Awaitable<void> SendHeadAlone(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_HTTP_MESSAGE_WRITER_H_
