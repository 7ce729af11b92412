// RealProxy is an nginx or an haproxy in front of a server, as people have them, with a
// configuration that a test gives it.

#ifndef RUNNEL_TESTS_PROXIES_REAL_PROXY_H_
#define RUNNEL_TESTS_PROXIES_REAL_PROXY_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/testing/test_authority.h"
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
  // An nginx with TLS and HTTP/2, as tools/nginx/runnel.conf has it.
  static std::unique_ptr<RealProxy> NginxWithTls(int upstream_port,
                                                 const runnel::TestAuthority::Files& files);
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

  // Starts nginx with what `configure` makes of its folder and its port.
  static std::unique_ptr<RealProxy> StartNginx(
      const std::function<std::string(const std::string& folder, int port)>& configure,
      const std::string& scheme);

  RealProxy(std::string url, int inherit, std::vector<std::string> argv);

  const std::string url_;
  end_to_end::ChildProcess process_;
};

}  // namespace proxies

#endif  // RUNNEL_TESTS_PROXIES_REAL_PROXY_H_
