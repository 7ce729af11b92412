#include "runnel/console_handler.h"

#include <span>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/http/http_message.h"
#include "runtime/server/content_coding.h"
#include "runtime/server/origin_rules.h"
#include "services/console/console_files.h"

namespace runnel {
namespace {

constexpr std::string_view kPath = "/console/";

// Nothing but its own files, and no script or style within them.
constexpr char kSecurityPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::string_view ContentTypeOf(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  return "text/plain; charset=utf-8";
}

HttpResponse Text(int status, std::string text) {
  HttpResponse response;
  response.status = status;
  response.headers.Add("content-type", "text/plain; charset=utf-8");
  response.headers.Add("cache-control", "no-store");
  response.body = StringBody(std::move(text));
  return response;
}

const EmbeddedFile* Find(std::string_view name) {
  for (const EmbeddedFile& file : ConsoleFiles()) {
    if (file.name == name) return &file;
  }
  return nullptr;
}

// The name of the host, without its port.
std::string_view HostOf(const HttpRequest& request) {
  const std::string_view host = request.headers.Get("host").value_or("");
  const size_t colon = host.rfind(':');
  const size_t bracket = host.rfind(']');
  return colon != host.npos && (bracket == host.npos || colon > bracket) ? host.substr(0, colon)
                                                                         : host;
}

}  // namespace

ConsoleHandler::ConsoleHandler(ConsoleOptions options) : options_(options) {}

absl::Status ConsoleHandler::AddTo(Server& server) {
  server_is_local_ = server.is_local();
  RUNNEL_RETURN_IF_ERROR(server.AddHandler("/console", *this));
  return server.AddHandler(std::string(kPath), *this);
}

Awaitable<HttpResponse> ConsoleHandler::Handle(HttpRequest request, std::string) {
  HttpResponse response = Answer(request);
  response.headers.Add("content-security-policy", kSecurityPolicy);
  response.headers.Add("cross-origin-opener-policy", "same-origin");
  response.headers.Add("cross-origin-resource-policy", "same-origin");
  response.headers.Add("referrer-policy", "no-referrer");
  response.headers.Add("x-content-type-options", "nosniff");
  co_return response;
}

std::string ConsoleHandler::WhyNot(const HttpRequest& request) const {
  if (options_.beyond_loopback) return "";
  constexpr char kHow[] = "; ConsoleOptions::beyond_loopback serves it there too\n";
  if (!server_is_local_) {
    return absl::StrCat(
        "the console is only for servers that listen on a loopback address, such as 127.0.0.1",
        kHow);
  }
  const std::string_view host = HostOf(request);
  if (host.empty() || IsLoopbackHost(host)) return "";
  return absl::StrCat(
      "the console is only for those who call the server by a loopback name, not \"",
      AbslView(host), "\"", kHow);
}

HttpResponse ConsoleHandler::Answer(const HttpRequest& request) const {
  if (request.method != "GET" && request.method != "HEAD") {
    HttpResponse response = Text(405, "the console's files are had by GET\n");
    response.headers.Add("allow", "GET, HEAD");
    return response;
  }
  if (std::string why = WhyNot(request); !why.empty()) return Text(404, std::move(why));
  const std::string_view target = request.target;
  const std::string_view path = target.substr(0, target.find('?'));
  if (!path.starts_with(kPath)) {
    HttpResponse response = Text(308, "the console is at /console/\n");
    // Relative, for servers below a path of a proxy.
    response.headers.Add("location", "console/");
    return response;
  }
  const std::string_view name = path == kPath ? "index.html" : path.substr(kPath.size());
  const EmbeddedFile* const file = Find(name);
  if (file == nullptr) {
    return Text(404, absl::StrCat("the console has no file \"", AbslView(name), "\"\n"));
  }
  HttpResponse response;
  // One for each encoding (RFC 9110 section 8.8.3.3).
  const bool gzip =
      ChooseCoding(request.headers.Get("accept-encoding").value_or("")) == Compression::kGzip;
  const std::string tag = absl::StrCat("\"", AbslView(file->hash), gzip ? "-gzip" : "", "\"");
  response.headers.Add("etag", tag);
  response.headers.Add("cache-control", "no-cache");
  response.headers.Add("vary", "accept-encoding");
  const std::string_view known = request.headers.Get("if-none-match").value_or("");
  if (known == "*" || known.find(tag) != known.npos) {
    response.status = 304;
    return response;
  }
  response.headers.Add("content-type", ContentTypeOf(name));
  if (gzip) response.headers.Add("content-encoding", "gzip");
  response.body = StringBody(std::string(gzip ? file->gzip : file->bytes));
  return response;
}

}  // namespace runnel
