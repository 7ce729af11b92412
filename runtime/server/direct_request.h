// DirectRequest is what an HTTP request says about the direct call it makes: content
// negotiation (PROTOCOL.md, part A).

#ifndef RUNNEL_RUNTIME_SERVER_DIRECT_REQUEST_H_
#define RUNNEL_RUNTIME_SERVER_DIRECT_REQUEST_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "runtime/core/codec.h"
#include "runtime/core/metadata.h"
#include "runtime/core/method_info.h"
#include "runtime/http/http_message.h"
#include "runtime/server/content_coding.h"

namespace runnel {

// The media types that requests and their codecs have: "application/json" (parameters are allowed)
// and "application/proto"; nullopt for any other.
std::optional<Codec> CodecOfMediaType(std::string_view content_type);

// The same of the media types of envelopes: "application/connect+json",
// "application/connect+proto".
std::optional<Codec> CodecOfEnvelopes(std::string_view content_type);

// What Connect-Timeout-Ms says, if it is there. INVALID_ARGUMENT for what is no time.
absl::Status ParseTimeout(const HttpHeaders& headers, absl::Duration& timeout);

// The response that refuses `request` in the form its client expects: an error response, or the end
// of a stream of envelopes.
HttpResponse RefusalOf(const HttpRequest& request, const absl::Status& status);

// How the messages of a call travel.
enum class DirectFraming {
  kPlain,      // a body each
  kEvents,     // the request a body, the responses events
  kEnvelopes,  // in envelopes both
};

// A value.
struct DirectRequest {
  bool get = false;  // rather than POST
  DirectFraming framing = DirectFraming::kPlain;
  Codec codec = Codec::kJson;
  Compression coding = Compression::kIdentity;  // of the request
  Compression response_coding = Compression::kIdentity;
  Metadata metadata;
  std::string last_event_id;
  absl::Duration timeout = absl::InfiniteDuration();
  std::unique_ptr<HttpBody> body;  // the request; null for a GET without message

  // What `request` for `method` says, or the response that refuses it. Takes the request's body.
  static std::optional<HttpResponse> Parse(const MethodInfo& method, std::string_view query,
                                           HttpRequest& request, DirectRequest& parsed);
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_DIRECT_REQUEST_H_
