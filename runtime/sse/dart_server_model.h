// DartServerModel is SseHandler of Dart's package:sse 4.2 as SseClient meets it: the bytes that it
// writes, what it takes and what it makes of that, its mistakes too. After its source, and
// tests/conformance/testdata/dart-sse-transcript.json.

#ifndef RUNNEL_RUNTIME_SSE_DART_SERVER_MODEL_H_
#define RUNNEL_RUNTIME_SSE_DART_SERVER_MODEL_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/async/task_group.h"

namespace runnel {

// Serves "/test" on a port of its own. One client.
class DartServerModel {
 public:
  explicit DartServerModel(asio::io_context& context);
  ~DartServerModel();

  int port() const { return port_; }
  std::string url() const;

  // Writes to the client's stream.
  void Write(std::string_view bytes);
  // As Dart's handler writes a message; `text` needs no escapes.
  void SendMessage(std::string_view text);
  // Ends the client's stream.
  void DropStream();
  // Listens no more, and drops everything; or again, on the same port.
  void Stop();
  void Listen();

  bool breaks_posts = false;           // closes the connection of a POST without an answer
  int post_status = 200;               // of every answer to a POST
  std::vector<std::string> requests;   // heads and bodies, in the order of their ends
  std::vector<std::string> delivered;  // what its connection's stream would have
  int streams = 0;                     // that were opened

 private:
  struct Peer;
  static Awaitable<void> Accept(DartServerModel* self);
  static Awaitable<void> Serve(DartServerModel* self, std::shared_ptr<Peer> peer);
  // What the handler does with a request: the bytes that it writes.
  std::string Answer(const std::string& head, const std::string& body);
  void Deliver(uint64_t number, std::string text);

  asio::io_context& context_;
  asio::ip::tcp::acceptor acceptor_;
  int port_ = 0;
  std::shared_ptr<Peer> stream_;
  std::vector<std::weak_ptr<Peer>> peers_;
  std::string client_id_;
  std::multimap<uint64_t, std::string> pending_;
  int64_t last_ = -1;
  TaskGroup tasks_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SSE_DART_SERVER_MODEL_H_
