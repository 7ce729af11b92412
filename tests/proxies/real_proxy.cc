#include "tests/proxies/real_proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/substitute.h"

namespace proxies {
namespace {

constexpr char kNginx[] = "/usr/sbin/nginx";
constexpr char kHaproxy[] = "/usr/sbin/haproxy";

// What nginx needs to run in a folder of its own and as whoever starts it, around its servers.
constexpr char kNginxConfiguration[] = R"(
$1
daemon off;
master_process off;
pid $0/pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path $0/body;
  proxy_temp_path $0/proxy;
  fastcgi_temp_path $0/fastcgi;
  uwsgi_temp_path $0/uwsgi;
  scgi_temp_path $0/scgi;
  $2
}
)";

// The rest are its defaults: HTTP/1.0 to the server, responses are buffered, bodies are below 1
// MiB.
constexpr char kDefaultServer[] = R"(
  server {
    listen 127.0.0.1:$0;
    location / {
      proxy_pass http://127.0.0.1:$1;
      $2
    }
  }
)";

constexpr char kDeployed[] = "tools/nginx/runnel.conf";

// From the quick start of haproxy's manual.
constexpr char kHaproxyConfiguration[] = R"(
defaults
  mode http
  timeout connect 5s
  timeout client $1
  timeout server $1
frontend front
  bind fd@3
  default_backend servers
backend servers
  server one 127.0.0.1:$0
)";

// A new folder of the test.
std::string NewFolder() {
  const char* root = std::getenv("TEST_TMPDIR");
  std::string folder = absl::StrCat(root != nullptr ? root : "/tmp", "/proxy.XXXXXX");
  if (mkdtemp(folder.data()) == nullptr) std::abort();
  return folder;
}

std::string Written(const std::string& folder, const std::string& text) {
  const std::string path = folder + "/conf";
  std::ofstream(path) << text;
  return path;
}

}  // namespace

std::string MissingPrograms() {
  for (const char* program : {kNginx, kHaproxy}) {
    if (access(program, X_OK) != 0) return absl::StrCat(program, " is missing: run tools/setup");
  }
  return "";
}

RealProxy::Socket::Socket() : fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* name = reinterpret_cast<sockaddr*>(&address);
  if (fd < 0 || bind(fd, name, size) != 0 || listen(fd, 128) != 0 ||
      getsockname(fd, name, &size) != 0) {
    std::abort();
  }
  port = ntohs(address.sin_port);
}

RealProxy::Socket::~Socket() { close(fd); }

RealProxy::RealProxy(std::string url, int inherit, std::vector<std::string> argv)
    : url_(std::move(url)), process_(std::move(argv), inherit) {}

std::unique_ptr<RealProxy> RealProxy::StartNginx(
    const std::function<std::string(const std::string& folder, int port)>& configure,
    const std::string& scheme) {
  // Root's folders would be given to another user, who need not exist in a sandbox.
  const std::string user = geteuid() == 0 ? "user root root;" : "";
  // An nginx without a master crashes on a socket that it is given, so it takes one that was free
  // just now; whoever else takes it meanwhile makes it end, and the next attempt has another.
  for (int attempt = 0; attempt < 10; ++attempt) {
    auto socket = std::make_unique<Socket>();
    const int port = socket->port;
    socket.reset();
    const std::string folder = NewFolder();
    const std::string path = Written(
        folder, absl::Substitute(kNginxConfiguration, folder, user, configure(folder, port)));
    std::unique_ptr<RealProxy> proxy(
        new RealProxy(absl::StrCat(scheme, "://127.0.0.1:", port), -1,
                      {kNginx, "-p", folder, "-e", "stderr", "-c", path}));
    // Its first act is to write that file, after it has begun to listen.
    for (int wait = 0; wait < 1'000 && proxy->process_.running(); ++wait) {
      if (access((folder + "/pid").c_str(), R_OK) == 0) return proxy;
      usleep(10'000);
    }
  }
  std::abort();
}

std::unique_ptr<RealProxy> RealProxy::Nginx(int upstream_port, const std::string& directives) {
  return StartNginx(
      [&](const std::string&, int port) {
        return absl::Substitute(kDefaultServer, port, upstream_port, directives);
      },
      "http");
}

std::unique_ptr<RealProxy> RealProxy::NginxWithTls(int upstream_port,
                                                   const runnel::TestAuthority::Files& files) {
  std::ifstream in(kDeployed);
  std::stringstream text;
  text << in.rdbuf();
  return StartNginx(
      [&](const std::string&, int port) {
        // What the file asks its readers to change, and the port.
        std::string configuration = text.str();
        for (const auto& [theirs, ours] : std::vector<std::pair<std::string, std::string>>{
                 {"server 127.0.0.1:8080;", absl::StrCat("server 127.0.0.1:", upstream_port, ";")},
                 {"listen 443 ssl http2;", absl::StrCat("listen 127.0.0.1:", port, " ssl http2;")},
                 {"/etc/ssl/app.example.com/fullchain.pem", files.certificate},
                 {"/etc/ssl/app.example.com/key.pem", files.key}}) {
          if (absl::StrReplaceAll({{theirs, ours}}, &configuration) != 1) std::abort();
        }
        return configuration;
      },
      "https");
}

std::unique_ptr<RealProxy> RealProxy::Haproxy(int upstream_port, const std::string& timeout) {
  const Socket socket;
  const std::string path =
      Written(NewFolder(), absl::Substitute(kHaproxyConfiguration, upstream_port, timeout));
  return std::unique_ptr<RealProxy>(new RealProxy(absl::StrCat("http://127.0.0.1:", socket.port),
                                                  socket.fd, {kHaproxy, "-db", "-f", path}));
}

}  // namespace proxies
