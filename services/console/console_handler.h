// ConsoleHandler is a page at /console/ of a server, which lists the server's services and calls
// them, in all four kinds, from forms.
//
//   runnel::ConsoleHandler console;
//   absl::Status status = console.AddTo(server);
//
// What there is to call it learns from the service runnel.v1.Descriptors of the same server, and
// what lives inside from runnel.v1.Debug, where the server has that too.

#ifndef RUNNEL_CONSOLE_HANDLER_H_
#define RUNNEL_CONSOLE_HANDLER_H_

#include <string>

#include "absl/status/status.h"
#include "runnel/server.h"

namespace runnel {

struct ConsoleOptions {
  // Serves the page also where others than this machine can reach it. Not otherwise: on a server
  // that listens beyond the loopback addresses, or that is called by another name than theirs (by
  // way of a proxy), the page is 404 and says why.
  bool beyond_loopback = false;
};

// The page itself is for everybody: the server does not ask who calls for it, so that it can ask
// for a token. What the page calls is asked as all calls are.
//
// Outlives the server that it is mounted on.
class ConsoleHandler final : public MountedHandler {
 public:
  explicit ConsoleHandler(ConsoleOptions options = {});

  // Before Server::Start: mounts it at /console/, to which /console leads.
  absl::Status AddTo(Server& server);

  Awaitable<HttpResponse> Handle(HttpRequest request, std::string principal) override;
  bool asks_who_calls() const override { return false; }

 private:
  HttpResponse Answer(const HttpRequest& request) const;
  // Why the page is not for whoever sent `request`; empty where it is.
  std::string WhyNot(const HttpRequest& request) const;

  const ConsoleOptions options_;
  bool server_is_local_ = true;
};

}  // namespace runnel

#endif  // RUNNEL_CONSOLE_HANDLER_H_
