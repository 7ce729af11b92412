#include "runtime/server/endpoint.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/call/metadata_headers.h"
#include "runtime/core/string_view.h"
#include "runtime/server/api_call.h"
#include "runtime/server/direct_call.h"
#include "runtime/server/direct_request.h"
#include "runtime/server/envelope_call.h"
#include "runtime/server/error_response.h"

namespace runnel {

namespace {

// What one loop has of a limit of the whole server.
size_t ShareOf(const EndpointOptions& options, size_t limit) {
  return std::max<size_t>(limit / static_cast<size_t>(options.loops), 1);
}

}  // namespace

Endpoint::Endpoint(EndpointOptions options)
    : options_(std::move(options)),
      calls_(options_.executor, ShareOf(options_, options_.limits.max_calls), options_.telemetry),
      receiving_(std::make_shared<ByteBudget>(
          ShareOf(options_, options_.limits.max_receiving_bytes), "Limits::max_receiving_bytes")),
      sessions_(options_, calls_, *receiving_),
      apis_(options_, calls_, *receiving_) {
  options_.telemetry->receiving = receiving_;
  if (options_.cluster != nullptr) {
    relay_.emplace(*options_.cluster, options_.executor, *options_.clock);
  }
}

Awaitable<absl::StatusOr<std::string>> Endpoint::Authenticate(const HttpRequest& request) {
  // The user's code.
  try {
    const Caller caller{request.headers, request.peer, request.peer_certificate.get()};
    co_return co_await options_.authenticate(caller);
  } catch (const std::exception& thrown) {
    co_return absl::UnknownError(absl::StrCat("the authenticator threw: ", thrown.what()));
  } catch (...) {
    co_return absl::UnknownError("the authenticator threw something that is no std::exception");
  }
}

Awaitable<HttpResponse> Endpoint::Handle(HttpRequest request) {
  options_.telemetry->requests.Add();
  std::optional<HttpResponse> intercepted = options_.origins.Intercept(request);
  if (intercepted) {
    if (intercepted->status >= 400) options_.telemetry->Refused(Refusal::kOrigin, request.peer);
    co_return *std::move(intercepted);
  }
  const std::string origin(request.headers.Get("origin").value_or(""));
  request.peer = options_.proxies.PeerOf(request);
  HttpResponse response = co_await Answer(std::move(request));
  options_.origins.Expose(origin, response);
  co_return response;
}

ApiRoutes::Match Endpoint::FindApi(std::string_view verb, std::string_view path) const {
  const ApiRoutes& routes = options_.methods->api_routes();
  if (routes.empty() || path.starts_with(SessionEndpoint::kPathPrefix) ||
      options_.methods->Find(path) != nullptr) {
    return {};
  }
  return routes.Find(verb, path);
}

Awaitable<HttpResponse> Endpoint::Answer(HttpRequest request) {
  const size_t question = request.target.find('?');
  std::string path = request.target.substr(0, question);
  MountedHandler* const mounted =
      options_.mounted == nullptr ? nullptr : FindMounted(*options_.mounted, path);
  if (mounted != nullptr && !mounted->asks_who_calls()) {
    co_return co_await mounted->Handle(std::move(request), std::string());
  }
  absl::StatusOr<std::string> principal = std::string();
  if (options_.authenticate) {
    principal = co_await Authenticate(request);
  } else if (request.peer_certificate != nullptr) {
    principal = request.peer_certificate->name();
  }
  std::string query =
      question == request.target.npos ? std::string() : request.target.substr(question + 1);
  ApiRoutes::Match api = FindApi(request.method, path);
  if (!principal.ok()) {
    options_.telemetry->Refused(Refusal::kAuthentication, request.peer);
    HttpResponse refused = api.route != nullptr
                               ? ApiErrorResponse(api.route->api(), principal.status())
                               : RefusalOf(request, principal.status());
    // RFC 9110, 15.5.2: it has to say how. No browser asks its user because of this one.
    if (refused.status == 401) refused.headers.Add("www-authenticate", "Bearer");
    co_return refused;
  }
  if (mounted != nullptr) {
    co_return co_await mounted->Handle(std::move(request), *std::move(principal));
  }
  if (api.route != nullptr) {
    co_return co_await apis_.Handle(std::move(api), std::move(query), *std::move(principal),
                                    std::move(request));
  }
  if (!path.starts_with(SessionEndpoint::kPathPrefix)) {
    co_return co_await HandleDirect(std::move(path), std::move(query), *std::move(principal),
                                    std::move(request));
  }
  const std::string_view content_type = request.headers.Get("content-type").value_or("");
  const std::optional<Codec> codec = CodecOfMediaType(content_type);
  if (request.method != "POST" || !codec) {
    HttpResponse response =
        ErrorResponse(request.method != "POST" ? 405 : 415,
                      absl::InvalidArgumentError(absl::StrCat(
                          path, " takes a POST of application/json or application/proto")));
    response.headers.Add(request.method != "POST" ? "allow" : "accept-post",
                         request.method != "POST" ? "POST" : "application/json, application/proto");
    co_return response;
  }
  const std::string owner(relay_ ? relay_->OwnerElsewhere(request.headers) : "");
  if (!owner.empty() && SessionEndpoint::IsForSession(path)) {
    absl::StatusOr<HttpResponse> passed =
        co_await relay_->Pass(owner, *std::move(principal), std::move(request));
    if (!passed.ok()) co_return ErrorResponse(passed.status());
    co_return *std::move(passed);
  }
  co_return co_await sessions_.Handle(path, *codec, *std::move(principal), std::move(request));
}

Awaitable<HttpResponse> Endpoint::HandleDirect(std::string path, std::string query,
                                               std::string principal, HttpRequest request) {
  const ServerMethod* method = options_.methods->Find(path);
  if (method == nullptr) {
    options_.telemetry->Refused(Refusal::kUnknownMethod, request.peer);
    co_return ErrorResponse(404,
                            absl::UnimplementedError(absl::StrCat("there is no method ", path)));
  }
  if (calls_.closed()) {
    options_.telemetry->Refused(Refusal::kDraining, request.peer);
    HttpResponse refused = RefusalOf(request, CallGroup::Refusal());
    // No handler can say that: the client may make the call elsewhere.
    refused.headers.Add(kNeverRanHeader, "draining");
    co_return refused;
  }
  if (calls_.full()) {
    options_.telemetry->Refused(Refusal::kMaxCalls, request.peer);
    co_return RefusalOf(request, calls_.TooMany());
  }
  DirectRequest direct;
  std::optional<HttpResponse> refused = DirectRequest::Parse(*method->info, query, request, direct);
  if (refused) co_return *std::move(refused);

  ServerContext::Call context;
  context.method = method->info;
  context.metadata = std::move(direct.metadata);
  context.peer = std::move(request.peer);
  context.principal = std::move(principal);
  context.last_event_id = std::move(direct.last_event_id);
  context.clock = options_.clock;
  context.executor = options_.executor;
  context.blocking_executor = options_.blocking_executor;
  if (direct.timeout != absl::InfiniteDuration()) {
    context.deadline = options_.clock->Now() + direct.timeout;
  }
  if (direct.framing == DirectFraming::kEnvelopes) {
    auto call = std::make_shared<EnvelopeCall>(std::move(context), std::move(direct),
                                               options_.limits, *receiving_);
    call->Start(calls_, *method);
    co_return co_await EnvelopeCall::Respond(std::move(call));
  }
  auto call = std::make_shared<DirectCall>(std::move(context), std::move(direct), options_.limits,
                                           *receiving_, options_.times.heartbeat);
  call->Start(calls_, *method);
  co_return co_await DirectCall::Respond(std::move(call));
}

}  // namespace runnel
