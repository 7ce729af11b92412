#include "runtime/client/event_source_request.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"
#include "runtime/http/http_client.h"

namespace runnel {
namespace {

constexpr std::string_view kCredentialHeaders[] = {"authorization", "proxy-authorization",
                                                   "cookie"};
constexpr std::string_view kBodyHeaders[] = {"content-type", "content-encoding", "content-language",
                                             "content-location"};

bool FitsInHeader(std::string_view id) {
  return std::none_of(id.begin(), id.end(),
                      [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7f; });
}

}  // namespace

absl::Status FollowRedirect(const HttpResponse& response, EventSourceDestination& where) {
  const std::optional<std::string_view> location = response.headers.Get("location");
  const std::string what =
      absl::StrCat("HTTP ", response.status, " of ", where.url.TextWithoutQuery());
  if (!location) return absl::UnknownError(absl::StrCat(what, " does not say where to go"));
  absl::StatusOr<EventSourceUrl> url = ResolveUrl(where.url, *location);
  if (!url.ok()) {
    return absl::UnknownError(absl::StrCat(what, " leads nowhere: ", url.status().message()));
  }
  if (where.url.tls() && !url->tls()) {
    return absl::PermissionDeniedError(absl::StrCat(what, " leads from https to http"));
  }
  // Fetch Standard, "HTTP-redirect fetch".
  const bool becomes_get = response.status == 303
                               ? where.method != "HEAD"
                               : response.status <= 302 && where.method == "POST";
  if (becomes_get && where.method != "GET") {
    where.method = "GET";
    where.has_body = false;
  }
  where.url = *std::move(url);
  return absl::OkStatus();
}

Awaitable<absl::StatusOr<HttpResponse>> EventSourceRequests::Send(EventSourceDestination where,
                                                                  std::string last_event_id) {
  RUNNEL_CO_ASSIGN_OR_RETURN(const std::shared_ptr<HttpClient> http, ClientOf(where.url.origin));
  RUNNEL_CO_ASSIGN_OR_RETURN(HttpRequest request, New(where, last_event_id));
  co_return co_await http->Send(std::move(request));
}

absl::StatusOr<std::shared_ptr<HttpClient>> EventSourceRequests::ClientOf(
    const std::string& origin) {
  if (client_ != nullptr && client_origin_ == origin) return client_;
  if (options_.http) {
    RUNNEL_ASSIGN_OR_RETURN(client_, options_.http(origin));
  } else {
    HttpClientOptions http;
    http.clock = &clock_;
    http.connect_timeout = options_.connect_timeout;
    http.tls = options_.tls;
    if (origin != origin_) http.tls.server_name.clear();  // it is another server's
    RUNNEL_ASSIGN_OR_RETURN(client_, TcpHttpClient::Create(executor_, origin, std::move(http)));
  }
  client_origin_ = origin;
  return client_;
}

absl::StatusOr<HttpRequest> EventSourceRequests::New(const EventSourceDestination& where,
                                                     const std::string& last_event_id) const {
  HttpRequest request;
  request.method = where.method;
  request.target = where.url.target;
  request.idempotent = where.method == "GET" || where.method == "REPORT";
  request.headers = options_.headers;
  if (where.url.origin != origin_) {
    for (const std::string_view name : kCredentialHeaders) request.headers.Remove(name);
  } else if (options_.attempt_headers) {
    RUNNEL_ASSIGN_OR_RETURN(const HttpHeaders more, options_.attempt_headers());
    for (const auto& [name, value] : more) request.headers.Set(name, value);
  }
  if (where.has_body) {
    request.body = StringBody(options_.body);
  } else {
    for (const std::string_view name : kBodyHeaders) request.headers.Remove(name);
  }
  const auto add_default = [&](std::string_view name, std::string_view value) {
    if (!request.headers.Contains(name)) request.headers.Add(name, value);
  };
  add_default("accept", "text/event-stream");
  add_default("cache-control", "no-cache");
  if (options_.gzip) add_default("accept-encoding", "gzip");
  if (!last_event_id.empty() && FitsInHeader(last_event_id)) {
    request.headers.Set("last-event-id", last_event_id);
  }
  return request;
}

}  // namespace runnel
