#include "runtime/server/origin_rules.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/core/status_details.h"
#include "runtime/core/string_view.h"
#include "runtime/server/error_response.h"

namespace runnel {
namespace {

// Browsers keep the answer to a preflight no longer than this (Chromium's limit), in seconds.
constexpr char kPreflightMaxAge[] = "7200";

// "https://app.example.com:8443" -> "app.example.com:8443"; empty for an opaque origin ("null").
std::string_view AuthorityOf(std::string_view origin) {
  const size_t scheme = origin.find("://");
  return scheme == origin.npos ? std::string_view() : origin.substr(scheme + 3);
}

// "LocalHost.:8080" -> "LocalHost"; brackets stay.
std::string_view NameOf(std::string_view host) {
  const size_t colon = host.rfind(':');
  const size_t bracket = host.rfind(']');
  if (colon != host.npos && (bracket == host.npos || colon > bracket)) host = host.substr(0, colon);
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

// What a list of field names is made of (RFC 9110 section 5.6).
bool IsNameList(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~, \t";
  return std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return absl::ascii_isalnum(c) || kOthers.find(static_cast<char>(c)) != kOthers.npos;
  });
}

HttpResponse Denied(std::string_view reason, std::string message) {
  return ErrorResponse(
      WithErrorInfo(absl::PermissionDeniedError(message),
                    ErrorInfo{.reason = std::string(reason), .domain = "runnel", .metadata = {}}));
}

}  // namespace

bool IsLoopbackHost(std::string_view host) {
  if (host == "127.0.0.1" || host == "localhost") return true;  // as most write it
  const std::string lower = absl::AsciiStrToLower(AbslView(host));
  if (lower == "localhost" || lower.ends_with(".localhost")) return true;
  const bool bracketed = lower.starts_with('[') && lower.ends_with(']');
  boost::system::error_code error;
  const auto address =
      boost::asio::ip::make_address(bracketed ? lower.substr(1, lower.size() - 2) : lower, error);
  return !error && address.is_v6() == bracketed && address.is_loopback();
}

absl::Status ValidateOriginPolicy(const OriginPolicy& policy) {
  for (const std::string& origin : policy.allowed_origins) {
    if (origin == "*") {
      if (!policy.allow_credentials) continue;
      return absl::InvalidArgumentError(
          "OriginPolicy::allow_credentials: the pages of every origin (\"*\") cannot be trusted "
          "with their users' cookies; list the origins");
    }
    const std::string_view authority = AuthorityOf(origin);
    const bool lower = origin == absl::AsciiStrToLower(origin);
    if (authority.empty() || !lower || authority.find_first_of("/?#@ ") != authority.npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("OriginPolicy::allowed_origins has \"", origin,
                       "\"; an origin is written as browsers do: https://app.example.com, in lower "
                       "case, with a port unless it is the scheme's, and without a path"));
    }
  }
  for (const std::string& host : policy.allowed_hosts) {
    if (host.empty() || NameOf(host) != host || host.find_first_of("/ *") != host.npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("OriginPolicy::allowed_hosts has \"", host,
                       "\"; a host is a name or an address without a port: app.example.com"));
    }
  }
  return absl::OkStatus();
}

OriginRules::OriginRules(OriginPolicy policy, bool loopback)
    : policy_(std::move(policy)), loopback_(loopback) {
  const auto& origins = policy_.allowed_origins;
  any_origin_ = std::find(origins.begin(), origins.end(), "*") != origins.end();
}

bool OriginRules::HostAllowed(const HttpRequest& request) const {
  if (!loopback_ && policy_.allowed_hosts.empty()) return true;
  const std::optional<std::string_view> host = request.headers.Get("host");
  if (!host) return true;  // HTTP/1.0, which no browser speaks
  const std::string_view name = NameOf(*host);
  if (loopback_ && IsLoopbackHost(name)) return true;
  return std::any_of(policy_.allowed_hosts.begin(), policy_.allowed_hosts.end(),
                     [&](const std::string& allowed) { return EqualsIgnoreCase(allowed, name); });
}

bool OriginRules::OriginListed(std::string_view origin) const {
  const auto& origins = policy_.allowed_origins;
  return any_origin_ || std::find(origins.begin(), origins.end(), origin) != origins.end();
}

bool OriginRules::OriginAllowed(const HttpRequest& request) const {
  const std::optional<std::string_view> origin = request.headers.Get("origin");
  const std::optional<std::string_view> site = request.headers.Get("sec-fetch-site");
  if (origin) {
    if (OriginListed(*origin)) return true;
    const std::string_view authority = AuthorityOf(*origin);
    const std::string_view host = request.headers.Get("host").value_or("");
    if (!authority.empty() && EqualsIgnoreCase(authority, host)) return true;
  }
  if (site) return *site == "same-origin" || *site == "none";
  return !origin;
}

std::optional<HttpResponse> OriginRules::Intercept(const HttpRequest& request) const {
  if (!HostAllowed(request)) {
    return Denied(
        "HOST_DENIED",
        absl::StrCat("this server does not answer to the Host \"",
                     AbslView(request.headers.Get("host").value_or("")),
                     "\": it is not in OriginPolicy::allowed_hosts (a listener on a loopback "
                     "address answers to loopback names alone unless it is told others)"));
  }
  const std::optional<std::string_view> origin = request.headers.Get("origin");
  const bool changes = request.method != "GET" && request.method != "HEAD";
  // A link to a GET states no origin, and no page sees what comes back.
  if (!origin && !changes) return std::nullopt;
  if (!OriginAllowed(request)) {
    return Denied("ORIGIN_DENIED",
                  absl::StrCat("pages of ", AbslView(origin.value_or("another site")),
                               " may not call this server: the origin is not in "
                               "OriginPolicy::allowed_origins"));
  }
  if (request.method == "OPTIONS" && origin &&
      request.headers.Contains("access-control-request-method")) {
    return AnswerPreflight(request);
  }
  return std::nullopt;
}

HttpResponse OriginRules::AnswerPreflight(const HttpRequest& request) const {
  HttpResponse response;
  response.status = 204;
  AddOriginFields(*request.headers.Get("origin"), response.headers);
  response.headers.Add("access-control-allow-methods", "GET, POST");
  // Metadata has any name.
  const std::string_view names = request.headers.Get("access-control-request-headers").value_or("");
  if (!names.empty() && IsNameList(names)) {
    response.headers.Add("access-control-allow-headers", names);
    response.headers.Add("vary", "access-control-request-headers");
  }
  response.headers.Add("access-control-max-age", kPreflightMaxAge);
  return response;
}

void OriginRules::AddOriginFields(std::string_view origin, HttpHeaders& headers) const {
  headers.Add("access-control-allow-origin", any_origin_ ? "*" : origin);
  if (policy_.allow_credentials) headers.Add("access-control-allow-credentials", "true");
}

void OriginRules::Expose(std::string_view origin, HttpResponse& response) const {
  if (policy_.allowed_origins.empty()) return;
  if (!origin.empty() && OriginListed(origin)) {
    std::vector<std::string> names;
    for (const auto& [name, value] : response.headers) names.push_back(name);
    AddOriginFields(origin, response.headers);
    response.headers.Add("access-control-expose-headers", absl::StrJoin(names, ", "));
  }
  // What a cache keeps for one page is not what another one gets.
  if (!any_origin_) response.headers.Add("vary", "origin");
}

}  // namespace runnel
