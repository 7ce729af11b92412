// MessageParser takes HTTP/1 messages out of bytes. It does no I/O: whoever owns the
// connection offers what has arrived, the parser says how much of it it took.

#ifndef RUNNEL_RUNTIME_HTTP_MESSAGE_PARSER_H_
#define RUNNEL_RUNTIME_HTTP_MESSAGE_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/core/limits.h"
#include "runtime/http/http_headers.h"

namespace runnel {

struct MessageHead {
  std::string method;   // of a request
  std::string target;   // of a request, in origin form
  int status = 0;       // of a response
  int version = 11;     // 10 or 11
  HttpHeaders headers;  // without those that the fields below stand for
  bool keep_alive = true;
  bool chunked = false;
  bool expect_continue = false;
  std::optional<uint64_t> content_length;
};

// Why a message was refused. `status` is the answer that a server gives.
struct MessageError {
  int status = 400;
  std::string message;
};

// One message at a time; Reset makes it ready for the next. Framing that peers could
// understand differently (repeated or conflicting lengths, unknown transfer codings) is
// refused, as is a request without exactly one Host.
class MessageParser {
 public:
  enum class Kind { kRequest, kResponse };

  MessageParser(Kind kind, const Limits& limits);
  ~MessageParser();
  MessageParser(const MessageParser&) = delete;
  MessageParser& operator=(const MessageParser&) = delete;

  void Reset();
  // The response to a HEAD request: it ends with its head, whatever that says. Before the
  // first byte.
  void ExpectNoBody();

  // Each Parse call returns how many of `bytes` it took; the others must be offered again
  // with more behind them. Nothing is to be parsed any more once there is an error().
  //
  // Until head_done():
  size_t ParseHead(std::string_view bytes);
  // Then, until done(): `piece` becomes a part of the body, inside `bytes`, or stays empty.
  size_t ParseBody(std::string_view bytes, std::string_view* piece);
  // The connection ended. Finishes a body that lasts until then, else it is an error.
  void ParseEnd();

  bool started() const;  // a byte of the message was taken
  bool head_done() const;
  bool done() const;
  const std::optional<MessageError>& error() const;
  // Whether the body lasts until the connection ends.
  bool until_close() const;

  // After head_done().
  MessageHead& head();
  // How much of the body is to come, where its head said so.
  std::optional<uint64_t> remaining() const;

 private:
  class Engine;
  template <bool kIsRequest>
  class BeastEngine;

  // Those of the Limits that count here: idle connections have a parser each.
  struct HeadLimits {
    size_t max_header_bytes;
    size_t max_header_fields;
    size_t max_target_bytes;
  };

  void Begin();

  const Kind kind_;
  const HeadLimits limits_;
  std::unique_ptr<Engine> engine_;  // while there is a message
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_MESSAGE_PARSER_H_
