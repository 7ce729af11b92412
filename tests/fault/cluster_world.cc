#include "tests/fault/cluster_world.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"
#include "runtime/http/http_client.h"
#include "runtime/http/not_sent.h"
#include "tests/fault/cluster_node.h"

namespace fault {

using end_to_end::ChildProcess;
using runnel::Awaitable;
using runnel::HttpClient;
using runnel::HttpRequest;
using runnel::HttpResponse;

namespace {

constexpr char kSecret[] = "c1f0a9d2b3e4c5d6e7f8091a2b3c4d5e";
constexpr absl::Duration kNginxTime = absl::Seconds(10);

// Ports that are free now, each another.
std::vector<std::string> FreeAddresses(size_t count) {
  std::vector<int> sockets;
  std::vector<std::string> addresses;
  for (size_t i = 0; i < count; ++i) {
    sockets.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(sockets.back(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        getsockname(sockets.back(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::perror("no port is free");
      std::abort();
    }
    addresses.push_back(absl::StrCat("127.0.0.1:", ntohs(address.sin_port)));
  }
  for (int fd : sockets) close(fd);
  return addresses;
}

std::shared_ptr<HttpClient> ClientOf(const runnel::Executor& executor, const std::string& url) {
  auto made = runnel::TcpHttpClient::Create(executor, url);
  if (!made.ok()) std::abort();
  return *std::move(made);
}

}  // namespace

// As nginx is where it knows of no health: to the next one, and to another only what nobody heard.
class ClusterBalancer final : public HttpClient {
 public:
  // Null while there is nobody.
  void Set(size_t place, std::shared_ptr<HttpClient> http) { to_[place] = std::move(http); }

  Awaitable<absl::StatusOr<HttpResponse>> Send(HttpRequest request) override {
    std::optional<std::string> body;
    if (request.body != nullptr && request.body->size()) {
      absl::StatusOr<std::string> all = co_await ReadAll(request.body.get(), 1 << 30, "a body");
      if (!all.ok()) co_return all.status();
      body = *std::move(all);
    }
    absl::Status failure = absl::UnavailableError("no node is there");
    for (size_t i = 0; i < ClusterWorld::kNodes; ++i) {
      const std::shared_ptr<HttpClient> http = to_[next_++ % ClusterWorld::kNodes];
      if (http == nullptr) continue;
      HttpRequest attempt;
      attempt.method = request.method;
      attempt.target = request.target;
      attempt.headers = request.headers;
      attempt.body = body ? runnel::StringBody(*body) : std::move(request.body);
      const bool again = body.has_value() || attempt.body == nullptr;
      absl::StatusOr<HttpResponse> response = co_await http->Send(std::move(attempt));
      if (response.ok()) co_return response;
      failure = std::move(response).status();
      if (!runnel::IsNotSent(failure) || !again) break;
    }
    if (absl::IsCancelled(failure)) co_return failure;
    HttpResponse bad_gateway;
    bad_gateway.status = 502;
    bad_gateway.body = runnel::StringBody("<h1>502 Bad Gateway</h1>");
    co_return bad_gateway;
  }

 private:
  std::array<std::shared_ptr<HttpClient>, ClusterWorld::kNodes> to_;
  size_t next_ = 0;
};

namespace {

Awaitable<bool> Set(std::shared_ptr<ClusterBalancer> balancer, size_t place, std::string url) {
  const runnel::Executor here = co_await runnel::asio::this_coro::executor;
  balancer->Set(place, url.empty() ? nullptr : ClientOf(here, url));
  co_return true;
}

Awaitable<bool> Drop(std::shared_ptr<ClusterBalancer> balancer) {
  balancer.reset();
  co_return true;
}

}  // namespace

ClusterWorld::ClusterWorld(const Options& options, runnel::IoThread& io)
    : options_(options), io_(io), balancer_(std::make_shared<ClusterBalancer>()) {
  std::string pattern = "/tmp/runnel-cluster-XXXXXX";
  folder_ = mkdtemp(pattern.data());
}

ClusterWorld::~ClusterWorld() {
  io_.BlockOn(Drop(std::move(balancer_)));
  nginx_.reset();
  for (Place& place : places_) place.process.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::unique_ptr<FaultProxy> ClusterWorld::NewLink(const std::string& upstream, uint64_t seed) {
  FaultProxyOptions link;
  link.upstream = upstream;
  link.seed = seed;
  link.cut_every = {absl::Milliseconds(100), absl::Seconds(3)};
  return std::make_unique<FaultProxy>(link);
}

absl::Status ClusterWorld::Start() {
  RUNNEL_RETURN_IF_ERROR(redis_.Start());
  const std::vector<std::string> addresses = FreeAddresses(2 * kNodes);
  for (size_t i = 0; i < kNodes; ++i) {
    Place& place = places_[i];
    place.listen = addresses[2 * i];
    place.cluster_listen = addresses[2 * i + 1];
    if (options_.links) {
      place.client_link = NewLink(place.listen, options_.seed * 8 + i);
      place.node_link = NewLink(place.cluster_listen, options_.seed * 8 + kNodes + i);
      RUNNEL_RETURN_IF_ERROR(place.client_link->Start());
      RUNNEL_RETURN_IF_ERROR(place.node_link->Start());
    }
    RUNNEL_RETURN_IF_ERROR(Restart(i));
  }
  return options_.nginx ? StartNginx() : absl::OkStatus();
}

absl::Status ClusterWorld::Restart(size_t i) {
  Place& place = places_[i];
  ClusterNodeOptions node;
  node.redis = redis_.url();
  node.secret = kSecret;
  node.listen = place.listen;
  node.cluster_listen = place.cluster_listen;
  node.advertise =
      place.node_link != nullptr ? place.node_link->url() : "http://" + place.cluster_listen;
  node.journal = journal();
  node.grace = options_.grace;
  node.heartbeat = options_.heartbeat;
  std::vector<std::string> argv = ArgumentsOf(node);
  argv.insert(argv.begin(), "/proc/self/exe");
  place.process = std::make_unique<ChildProcess>(std::move(argv));
  place.node = place.process->ReadLine();
  if (!place.node.empty() && place.node.back() == '\n') place.node.pop_back();
  if (place.node.empty()) return absl::UnavailableError("a node did not start");
  io_.BlockOn(
      Set(balancer_, i,
          place.client_link != nullptr ? place.client_link->url() : "http://" + place.listen));
  return absl::OkStatus();
}

absl::Status ClusterWorld::StartNginx() {
  const std::string address = FreeAddresses(1)[0];
  nginx_url_ = "http://" + address;
  std::string servers;
  for (const Place& place : places_) {
    absl::StrAppend(&servers, "server ", place.listen, " max_fails=0; ");
  }
  std::ofstream(folder_ + "/nginx.conf") << absl::StrCat(
      getuid() == 0 ? "user root root;\n" : "",
      "daemon off; master_process off; worker_rlimit_nofile 20000;\n"
      "pid nginx.pid; error_log nginx.log;\n"
      "events { worker_connections 20000; }\n"
      "http {\n"
      "  access_log off;\n"
      "  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;\n"
      "  uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n"
      "  upstream nodes { ",
      servers,
      "keepalive 512; }\n"
      "  server {\n"
      "    listen ",
      address,
      " backlog=4096;\n"
      "    keepalive_requests 1000000;\n"
      "    location / {\n"
      "      proxy_pass http://nodes; proxy_http_version 1.1;\n"
      "      proxy_set_header Connection \"\"; proxy_set_header Host $http_host;\n"
      "      proxy_buffering off; proxy_request_buffering off;\n"
      "      proxy_read_timeout 10m; proxy_connect_timeout 1s;\n"
      "    }\n"
      "  }\n"
      "}\n");
  nginx_ = std::make_unique<ChildProcess>(std::vector<std::string>{"/usr/sbin/nginx", "-p", folder_,
                                                                   "-e", folder_ + "/nginx.log",
                                                                   "-c", folder_ + "/nginx.conf"});
  const int port = std::stoi(address.substr(address.rfind(':') + 1));
  const absl::Time deadline = absl::Now() + kNginxTime;
  while (absl::Now() < deadline && nginx_->running()) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<uint16_t>(port));
    const bool there = connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
    close(fd);
    if (there) return absl::OkStatus();
    absl::SleepFor(absl::Milliseconds(10));
  }
  return absl::UnavailableError("nginx did not start");
}

std::shared_ptr<HttpClient> ClusterWorld::Client() {
  if (!options_.nginx) return balancer_;
  return ClientOf(io_.executor(), nginx_url_);
}

void ClusterWorld::Kill(size_t place) {
  killed_[places_[place].node] = absl::Now();
  places_[place].process->Kill();
}

void ClusterWorld::Drain(size_t i) {
  Place& place = places_[i];
  // A balancer that is told sends it nothing new; nginx finds out.
  io_.BlockOn(Set(balancer_, i, ""));
  drained_[place.node] = absl::InfiniteFuture();
  place.process->Signal(SIGTERM);
  place.process->Wait();
  drained_[place.node] = absl::Now();
}

void ClusterWorld::Freeze(size_t place) { places_[place].process->Signal(SIGSTOP); }
void ClusterWorld::Thaw(size_t place) { places_[place].process->Signal(SIGCONT); }

int ClusterWorld::cuts() const {
  int cuts = 0;
  for (const Place& place : places_) {
    if (place.client_link != nullptr) cuts += place.client_link->counts().cuts;
    if (place.node_link != nullptr) cuts += place.node_link->counts().cuts;
  }
  return cuts;
}

}  // namespace fault
