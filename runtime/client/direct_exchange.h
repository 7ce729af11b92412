// What all direct calls have in common of their HTTP exchange (PROTOCOL.md, part A): what the head
// of a request says, and what the head of a response means.

#ifndef RUNNEL_RUNTIME_CLIENT_DIRECT_EXCHANGE_H_
#define RUNNEL_RUNTIME_CLIENT_DIRECT_EXCHANGE_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/client/call_attempt.h"
#include "runtime/client/direct_options.h"
#include "runtime/core/metadata.h"
#include "runtime/core/method_info.h"
#include "runtime/http/http_message.h"

namespace runnel {

// A request for `method` without its body, and without the fields that say how messages travel.
// `headers` go with it.
HttpRequest NewDirectRequest(const MethodInfo& method, const AttemptOptions& options,
                             HttpHeaders headers, Clock& clock);

// What a response says before its messages.
struct DirectResponse {
  DirectResponse() = default;

  Metadata initial;
  Metadata trailing;
  int http_status = 0;     // once there is a response
  bool never_ran = false;  // the server is known not to have run the method
  Compression compression = Compression::kIdentity;
  std::unique_ptr<HttpBody> body;  // null where it is empty

  // Whether the server has given a sign that it has taken the call.
  bool accepted() const { return http_status == 200 && !never_ran; }
};

// Which responses are expected.
struct DirectExpectation {
  DirectExpectation() = default;

  std::string media_type;  // "application/connect+proto"
  // The field that says how messages are compressed, and what it may say beside "identity".
  std::string_view compression_field = "content-encoding";
  Compression compression = Compression::kIdentity;
};

// Sends `request` and fills `response`, which outlives the exchange. OK: its body is of the media
// type that is expected. Else what the call has come to.
Awaitable<absl::Status> ExchangeDirect(std::shared_ptr<HttpClient> http, HttpRequest request,
                                       DirectExpectation expected, Limits limits,
                                       DirectResponse& response);

// A message that came compressed, or a body. INTERNAL when it is not gzip: the server's mistake.
absl::StatusOr<std::string> Decompressed(std::string_view bytes, const Limits& limits);
// How long what holds a message of at most Limits::max_message_bytes can be.
size_t MaxReceivedBytes(Compression compression, const Limits& limits);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_DIRECT_EXCHANGE_H_
