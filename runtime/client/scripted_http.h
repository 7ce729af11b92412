// HTTP for the tests of what reads event streams: every request finds the next step of a script.

#ifndef RUNNEL_RUNTIME_CLIENT_SCRIPTED_HTTP_H_
#define RUNNEL_RUNTIME_CLIENT_SCRIPTED_HTTP_H_

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/http/http_message.h"

namespace runnel::scripted {

using Strings = std::vector<std::string>;

// How a body goes on behind its pieces.
enum class Then { kEnd, kBreak, kHang };

struct Step {
  absl::Status failure;  // there is no response
  bool hang = false;     // nor ever will be
  int status = 200;
  HttpHeaders headers = {{"content-type", "text/event-stream"}};
  Strings pieces;
  Then then = Then::kHang;
};

Step Stream(Strings pieces, Then then = Then::kHang);
Step Answer(int status, HttpHeaders headers = {}, std::string body = "");
Step Redirect(int status, std::string location);
Step Failure(absl::Status status);

struct Seen {
  std::string origin, method, target, body;
  HttpHeaders headers;
  std::string Header(std::string_view name) const {
    return std::string(headers.Get(name).value_or("(none)"));
  }
};

// What all the clients of a test share.
struct Script {
  std::deque<Step> steps;  // for the requests to come; when there are none, the test is wrong
  std::vector<Seen> seen;
  int pieces_read = 0;
  int open_bodies = 0;
};

// For EventSourceOptions::http.
std::function<absl::StatusOr<std::shared_ptr<HttpClient>>(const std::string& origin)> HttpOf(
    std::shared_ptr<Script> script);

}  // namespace runnel::scripted

#endif  // RUNNEL_RUNTIME_CLIENT_SCRIPTED_HTTP_H_
