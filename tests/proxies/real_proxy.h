// RealProxy is an nginx or an haproxy in front of a server, as people have them, with a
// configuration that a test gives it.

#ifndef RUNNEL_TESTS_PROXIES_REAL_PROXY_H_
#define RUNNEL_TESTS_PROXIES_REAL_PROXY_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/end_to_end/child_process.h"

namespace proxies {

// Why the programs cannot be started; empty where they can.
std::string MissingPrograms();

// Killed with this object.
class RealProxy {
 public:
  // An nginx as it is out of the box, but for where it keeps its files, with `directives` beside
  // its proxy_pass.
  static std::unique_ptr<RealProxy> Nginx(int upstream_port, const std::string& directives = "");
  // An haproxy with the `defaults` of its documentation, and its client's and server's timeouts.
  static std::unique_ptr<RealProxy> Haproxy(int upstream_port, const std::string& timeout = "50s");

  const std::string& url() const { return url_; }

 private:
  // A socket that listens on a free port. An haproxy is given it: no connection comes too early,
  // and nobody takes the port meanwhile.
  struct Socket {
    Socket();
    ~Socket();
    int fd = -1;
    int port = 0;
  };

  RealProxy(int port, int inherit, std::vector<std::string> argv);

  const std::string url_;
  end_to_end::ChildProcess process_;
};

}  // namespace proxies

#endif  // RUNNEL_TESTS_PROXIES_REAL_PROXY_H_
