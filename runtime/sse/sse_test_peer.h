// What the tests of SseHandler share: a client as Dart's is in a browser, and a world for it.

#ifndef RUNNEL_RUNTIME_SSE_SSE_TEST_PEER_H_
#define RUNNEL_RUNTIME_SSE_SSE_TEST_PEER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/async/task_group.h"
#include "runtime/http/http_message.h"
#include "runtime/http/http_test_peer.h"
#include "runtime/sse/sse_handler.h"
#include "runtime/testing/in_process_http.h"

namespace runnel {

using Strings = std::vector<std::string>;

// SseClient of package:sse, and the EventSource below it. It does not connect again by itself.
class DartClient {
 public:
  DartClient(Executor executor, HttpClient& http, std::string id);

  // As the browser does: with the id of the last event, if there was one.
  void Connect();
  // The stream breaks, or the page is closed.
  void Drop();
  // POSTs the next message.
  void Send(std::string_view text);
  // POSTs this body under this number.
  void Post(std::string number, std::string body);

  HttpHeaders headers;         // of every request
  bool keeps_ids = true;       // as every browser does
  bool echoes = false;         // answers every message with itself
  bool pauses = false;         // reads no more of the stream
  int status = 0;              // of the newest stream
  HttpHeaders stream_headers;  // likewise
  bool connected = false;
  bool told_to_close = false;
  Strings received;
  Strings errors;           // what would be thrown in the page
  std::string raw;          // of the newest stream
  std::vector<int> posted;  // the status of each POST
  std::string last_event_id;

 private:
  struct Stream {
    bool dropped = false;
  };
  static Awaitable<void> ReadStream(DartClient* self, std::shared_ptr<Stream> stream,
                                    HttpRequest request);
  static Awaitable<void> SendPost(DartClient* self, HttpRequest request);
  HttpRequest NewRequest(std::string method, std::string query) const;

  HttpClient& http_;
  const std::string id_;
  uint64_t next_ = 0;
  std::shared_ptr<Stream> stream_;
  Task reading_;
  TaskGroup tasks_;
};

class SseTest : public HttpTest {
 protected:
  // Makes the handler. Call it first.
  void Serve(SseHandlerOptions options = {});

  // Ends everything that runs.
  void TearDown() override;

  // The fixture's.
  DartClient* NewClient(std::string id = "44b094bf-97db-4de7-a709-423236898701");
  // The next connection; null when there is none, and none waits.
  std::unique_ptr<SseConnection> Accept();
  // What a Read gives; a string that says so where it does not end.
  std::string Read(SseConnection& connection);
  void Send(SseConnection& connection, std::string text);
  // Connects a client and takes its connection.
  std::unique_ptr<SseConnection> Connect(DartClient& client);
  void Advance(absl::Duration time);

  std::unique_ptr<SseHandler> handler_;
  std::unique_ptr<InProcessHttp> http_;
  std::vector<std::unique_ptr<DartClient>> clients_;
  TaskGroup reads_{context_.get_executor()};
};

// SseHandler by itself.
class SseHandlerTest : public SseTest {
 protected:
  HttpResponse Ask(std::string method, std::string target, HttpHeaders headers,
                   std::string body = "");
  int StatusOf(std::string method, HttpHeaders headers);
  void ServeKeepingAlive(absl::Duration keep_alive = absl::Seconds(60));
  void DropAndWait(DartClient& client, const SseConnection& connection);
  void Reconnect(DartClient& client);
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SSE_SSE_TEST_PEER_H_
