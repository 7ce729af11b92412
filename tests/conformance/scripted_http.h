// ScriptedHttp is an HttpClient whose server is a transcript: requests are kept until a step
// answers them, a piece at a time.

#ifndef RUNNEL_TESTS_CONFORMANCE_SCRIPTED_HTTP_H_
#define RUNNEL_TESTS_CONFORMANCE_SCRIPTED_HTTP_H_

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "runtime/async/signal.h"
#include "runtime/http/http_message.h"

namespace conformance {

// A request, and what has been said of its response. Lives on one loop.
struct ScriptedExchange {
  size_t server = 0;
  std::string method;  // of HTTP
  std::string target;
  runnel::HttpHeaders headers;
  std::string body;

  void Answer(int status, runnel::HttpHeaders response_headers);
  void Push(std::string piece);
  // The response has ended.
  void End();
  // The connection broke: nothing more will come.
  void Break(absl::Status why);
  // Whether the client has given it up.
  bool abandoned = false;

  bool answered = false;
  int status = 0;
  runnel::HttpHeaders response_headers;
  std::deque<std::string> pieces;
  bool ended = false;
  absl::Status broken;
  runnel::Signal changed;
};

// One for each server of a channel. Requests are appended to `requests`, which outlives it.
class ScriptedHttp final : public runnel::HttpClient {
 public:
  using Requests = std::vector<std::shared_ptr<ScriptedExchange>>;

  ScriptedHttp(size_t server, Requests& requests) : server_(server), requests_(requests) {}

  runnel::Awaitable<absl::StatusOr<runnel::HttpResponse>> Send(
      runnel::HttpRequest request) override;

 private:
  class Body;

  const size_t server_;
  Requests& requests_;
};

}  // namespace conformance

#endif  // RUNNEL_TESTS_CONFORMANCE_SCRIPTED_HTTP_H_
