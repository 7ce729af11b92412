#include "runtime/server/api_endpoint.h"

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/api/api_request.h"
#include "runtime/call/metadata_headers.h"
#include "runtime/core/string_view.h"
#include "runtime/server/api_call.h"
#include "runtime/server/content_coding.h"
#include "runtime/server/direct_request.h"
#include "runtime/wire/gzip.h"

namespace runnel {
namespace {

constexpr std::string_view kLimitName = "Limits::max_message_bytes";

// What a request says in its headers: the response that refuses it, or nullopt.
std::optional<HttpResponse> TakeHeaders(const ApiMethod& api, const HttpHeaders& headers,
                                        Compression& coding, absl::Duration& timeout,
                                        Metadata& metadata) {
  if (!api.body.empty()) {
    // What a page of another site may send without asking is never this.
    const std::string_view type = headers.Get("content-type").value_or("");
    if (CodecOfMediaType(type) != Codec::kJson) {
      HttpResponse refusal = ApiErrorResponse(
          api, 415,
          absl::InvalidArgumentError(absl::StrCat(AbslView(api.path),
                                                  " takes application/json; the content type is \"",
                                                  AbslView(type), "\"")));
      refusal.headers.Add("accept-post", "application/json");
      return refusal;
    }
  }
  const std::string_view name = headers.Get("content-encoding").value_or("");
  const std::optional<Compression> known = CompressionFromName(name);
  if (!known) {
    HttpResponse refusal = ApiErrorResponse(api, 415, UnknownCoding("Content-Encoding", name));
    refusal.headers.Add("accept-encoding", kAcceptedCodings);
    return refusal;
  }
  coding = *known;
  absl::Status taken = ParseTimeout(headers, timeout);
  if (taken.ok()) taken = ExtractMetadata(headers, metadata, nullptr);
  if (!taken.ok()) return ApiErrorResponse(api, taken);
  return std::nullopt;
}

HttpResponse Draining(const ApiMethod& api) {
  HttpResponse refusal = ApiErrorResponse(api, CallGroup::Refusal());
  refusal.headers.Add(kNeverRanHeader, "draining");
  return refusal;
}

}  // namespace

Awaitable<HttpResponse> ApiEndpoint::Handle(ApiRoutes::Match match, std::string query,
                                            std::string principal, HttpRequest request) {
  const ApiRoute& route = *match.route;
  const ApiMethod& api = route.api();
  if (!match.allow.empty()) {
    HttpResponse refusal =
        ApiErrorResponse(api, 405,
                         absl::InvalidArgumentError(absl::StrCat("this path takes ", match.allow,
                                                                 ", not ", request.method)));
    refusal.headers.Add("allow", match.allow);
    co_return refusal;
  }
  if (calls_.closed()) {
    calls_.telemetry().Refused(Refusal::kDraining, request.peer);
    co_return Draining(api);
  }
  if (calls_.full()) {
    calls_.telemetry().Refused(Refusal::kMaxCalls, request.peer);
    co_return ApiErrorResponse(api, calls_.TooMany());
  }

  ServerContext::Call context;
  Compression coding = Compression::kIdentity;
  absl::Duration timeout = absl::InfiniteDuration();
  std::optional<HttpResponse> refused =
      TakeHeaders(api, request.headers, coding, timeout, context.metadata);
  if (refused) co_return *std::move(refused);
  // The time that the request's body takes counts.
  if (timeout != absl::InfiniteDuration()) context.deadline = options_.clock->Now() + timeout;

  const size_t max_bytes = options_.limits.max_message_bytes;
  const bool compressed = coding == Compression::kGzip;
  absl::StatusOr<std::string> body =
      co_await ReadAll(request.body.get(), compressed ? MaxGzipBytes(max_bytes) : max_bytes,
                       kLimitName, &receiving_);
  if (compressed && body.ok() && !body->empty()) body = Gunzip(*body, max_bytes, kLimitName);
  if (absl::IsResourceExhausted(body.status())) {
    co_return ApiErrorResponse(api, 413, body.status());
  }
  if (!body.ok()) co_return ApiErrorResponse(api, body.status());
  std::unique_ptr<google::protobuf::Message> message(api.request().New());
  absl::Status decoded =
      DecodeApiRequest(api, match.values, query, *body, options_.limits, *message);
  if (!decoded.ok()) co_return ApiErrorResponse(api, decoded);

  const ServerMethod* method = &route.any();
  if (route.stream && !route.stream->info->api->when.empty()) {
    const ApiMethod& stream = *route.stream->info->api;
    const bool streams = AsksForStream(stream, *message);
    if (!streams && !route.unary) {
      co_return ApiErrorResponse(
          api, absl::InvalidArgumentError(absl::StrCat("there is only a stream here: set \"",
                                                       AbslView(stream.when), "\" to true")));
    }
    method = streams ? &*route.stream : &*route.unary;
  }
  const std::string_view last_event_id = request.headers.Get("last-event-id").value_or("");
  if (!last_event_id.empty() && method->info->server_streams() && !method->info->resumable) {
    // It cannot go on there. This stops an EventSource for good (HTML, section 9.2.3).
    HttpResponse response;
    response.status = 204;
    co_return response;
  }
  // It may have begun to shut down while the body came.
  if (calls_.closed()) co_return Draining(api);
  context.method = method->info;
  context.peer = std::move(request.peer);
  context.principal = std::move(principal);
  context.last_event_id = std::string(last_event_id);
  context.clock = options_.clock;
  context.executor = options_.executor;
  context.blocking_executor = options_.blocking_executor;
  const Compression response_coding =
      ChooseCoding(request.headers.Get("accept-encoding").value_or(""));
  auto call = std::make_shared<ApiCall>(std::move(context), std::move(message), body->size(),
                                        response_coding, options_.times.heartbeat);
  call->Start(calls_, *method);
  co_return co_await ApiCall::Respond(std::move(call));
}

}  // namespace runnel
