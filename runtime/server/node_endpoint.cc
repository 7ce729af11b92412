#include "runtime/server/node_endpoint.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/cluster/node_name.h"
#include "runtime/server/direct_request.h"
#include "runtime/server/error_response.h"

namespace runnel {
namespace {

// Misdirected Request (RFC 9110, 15.5.20): the other node looks for a life that is over.
constexpr int kMisdirected = 421;

}  // namespace

Awaitable<HttpResponse> NodeEndpoint::Handle(HttpRequest request) {
  const ClusterNode& self = *options_.cluster;
  absl::StatusOr<NodePass> pass = CheckNodePass(request, self.secret, options_.clock->Now());
  HttpResponse response;
  if (pass.ok()) {
    response = co_await Answer(*std::move(pass), std::move(request));
  } else {
    response = ErrorResponse(pass.status());
  }
  response.headers.Set(kNodeHeader, self.name);
  co_return response;
}

Awaitable<HttpResponse> NodeEndpoint::Answer(NodePass pass, HttpRequest request) {
  const std::string& self = options_.cluster->name;
  const std::string_view owner = NodeOfSession(request.headers.Get("runnel-session").value_or(""));
  if (pass.to != self || owner != self) {
    co_return ErrorResponse(kMisdirected, absl::UnavailableError(absl::StrCat("this is node ", self,
                                                                              ", not ", pass.to)));
  }
  const std::string path = request.target.substr(0, request.target.find('?'));
  const std::optional<Codec> codec =
      CodecOfMediaType(request.headers.Get("content-type").value_or(""));
  if (request.method != "POST" || !codec || !SessionEndpoint::IsForSession(path)) {
    co_return ErrorResponse(
        absl::InvalidArgumentError("nodes pass on what is about a session, and nothing else"));
  }
  request.peer = std::move(pass.peer);
  co_return co_await sessions_.Handle(path, *codec, std::move(pass.principal), std::move(request));
}

}  // namespace runnel
