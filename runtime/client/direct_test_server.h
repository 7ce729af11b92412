// DirectTestServer stands for a Connect server that is not ours: it keeps what it is asked, and
// answers what a test wants.

#ifndef RUNNEL_RUNTIME_CLIENT_DIRECT_TEST_SERVER_H_
#define RUNNEL_RUNTIME_CLIENT_DIRECT_TEST_SERVER_H_

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/client/channel.h"
#include "runtime/core/method_info.h"
#include "runtime/http/http_message.h"
#include "runtime/testing/in_process_http.h"

namespace runnel {

// Methods from StringValue to StringValue.
inline constexpr MethodInfo kUnaryMethod = {"/test.v1.Echo/Unary", CallKind::kUnary};
inline constexpr MethodInfo kPeekMethod = {"/test.v1.Echo/Peek", CallKind::kUnary,
                                           Idempotency::kNoSideEffects};
inline constexpr MethodInfo kDownMethod = {"/test.v1.Echo/Down", CallKind::kServerStream,
                                           Idempotency::kNoSideEffects};
inline constexpr MethodInfo kUpMethod = {"/test.v1.Echo/Up", CallKind::kClientStream};
inline constexpr MethodInfo kBothMethod = {"/test.v1.Echo/Both", CallKind::kBidi};

// A response, as data.
struct CannedResponse {
  int status = 200;
  HttpHeaders headers;
  std::string body;
  size_t piece_bytes = 1'000'000;  // the body comes in pieces of at most so many
};

// What was asked.
struct SeenRequest {
  HttpRequest head;  // without a body
  std::string body;
  std::optional<uint64_t> content_length;

  std::string Header(std::string_view name) const {
    return std::string(head.headers.Get(name).value_or("(none)"));
  }
};

// What a call came to.
struct CallResult {
  absl::Status status;
  std::vector<std::string> messages;
  Metadata initial;
  Metadata trailing;
};

// An envelope, as bytes.
std::string EnvelopeOf(uint8_t flags, std::string_view payload);
std::string Gzipped(std::string_view bytes);

// The client and the server, on one loop that runs while a call does.
class DirectTestServer final : public HttpHandler {
 public:
  DirectTestServer();
  ~DirectTestServer() override;

  // What is answered to every request, when it has been read.
  CannedResponse response;
  // Of calls that begin from now on.
  ChannelOptions options;

  CallResult Call(const MethodInfo& method, std::vector<std::string> requests,
                  CallOptions call = CallOptions());
  // The newest request.
  const SeenRequest& seen() const { return seen_; }
  int requests() const { return requests_; }

  std::shared_ptr<Channel> NewChannel();
  template <typename T>
  T Run(Awaitable<T> task) {
    std::optional<T> result;
    asio::co_spawn(context_, std::move(task),
                   [&result](std::exception_ptr, T value) { result = std::move(value); });
    while (!result) context_.run_one();
    return *std::move(result);
  }

  Awaitable<HttpResponse> Handle(HttpRequest request) override;

 private:
  asio::io_context context_{1};
  std::shared_ptr<InProcessHttp> http_;
  SeenRequest seen_;
  int requests_ = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_DIRECT_TEST_SERVER_H_
