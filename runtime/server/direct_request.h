// DirectRequest is what an HTTP request says about the direct call it makes: content
// negotiation (PROTOCOL.md, part A).

#ifndef RUNNEL_RUNTIME_SERVER_DIRECT_REQUEST_H_
#define RUNNEL_RUNTIME_SERVER_DIRECT_REQUEST_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "runtime/core/codec.h"
#include "runtime/core/metadata.h"
#include "runtime/core/method_info.h"
#include "runtime/http/http_message.h"

namespace runnel {

// The media types that requests and their codecs have: "application/json" (parameters are allowed)
// and "application/proto"; nullopt for any other.
std::optional<Codec> CodecOfMediaType(std::string_view content_type);

// A value.
struct DirectRequest {
  Codec codec = Codec::kJson;
  Metadata metadata;
  std::string last_event_id;
  absl::Duration timeout = absl::InfiniteDuration();
  std::unique_ptr<HttpBody> message;  // the request message, encoded

  // What `request` for `method` says, or the response that refuses it. Takes the request's body.
  static std::optional<HttpResponse> Parse(const MethodInfo& method, std::string_view query,
                                           HttpRequest& request, DirectRequest& parsed);
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_DIRECT_REQUEST_H_
