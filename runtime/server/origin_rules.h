// OriginRules keep web pages apart: which of them may call a server from a browser, and under which
// names the server answers (PROTOCOL.md, part D; the Fetch standard, section 3.2).

#ifndef RUNNEL_RUNTIME_SERVER_ORIGIN_RULES_H_
#define RUNNEL_RUNTIME_SERVER_ORIGIN_RULES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "runtime/http/http_message.h"

namespace runnel {

// What the operator allows. A server's own pages may always call it, and so may clients that are no
// browsers: they state no origin.
struct OriginPolicy {
  // Pages of these origins may call too and read the answers (CORS), each as browsers state it:
  // "https://app.example.com", with a port unless it is the scheme's. "*" is every page there is.
  std::vector<std::string> allowed_origins;
  // Whether their calls may carry cookies and client certificates. Not together with "*".
  bool allow_credentials = false;
  // The names, without ports, under which the server is called; requests with another Host are
  // refused, and so are pages whose name was made to point to this server (DNS rebinding). Where
  // none is given a listener on a loopback address answers to loopback names ("localhost",
  // "127.0.0.1", "[::1]"), any other one to all names. A loopback listener answers to loopback
  // names in any case.
  std::vector<std::string> allowed_hosts;
};

// INVALID_ARGUMENT says which entry is wrong, and how it ought to look.
absl::Status ValidateOriginPolicy(const OriginPolicy& policy);

// Whether a host, without its port, is a loopback name or address: "localhost", "127.0.0.1",
// "[::1]".
bool IsLoopbackHost(std::string_view host);

// A value, immutable.
class OriginRules {
 public:
  // Nobody but the server's own pages, under any name.
  OriginRules() = default;
  // `policy` is valid. `loopback`: the listener's address is one.
  OriginRules(OriginPolicy policy, bool loopback);

  // The response that `request` gets instead of an answer: a refusal (403, with the reason
  // HOST_DENIED or ORIGIN_DENIED), or what a browser asks before it sends a request of a foreign
  // page (a preflight). Nullopt: go on.
  std::optional<HttpResponse> Intercept(const HttpRequest& request) const;

  // Lets the page of `origin` (of a request that was not intercepted; empty where it had none) read
  // the response with all its fields.
  void Expose(std::string_view origin, HttpResponse& response) const;

 private:
  bool HostAllowed(const HttpRequest& request) const;
  bool OriginListed(std::string_view origin) const;
  bool OriginAllowed(const HttpRequest& request) const;
  HttpResponse AnswerPreflight(const HttpRequest& request) const;
  // The fields that every response to a foreign page has.
  void AddOriginFields(std::string_view origin, HttpHeaders& headers) const;

  OriginPolicy policy_;
  bool any_origin_ = false;
  bool loopback_ = false;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_ORIGIN_RULES_H_
