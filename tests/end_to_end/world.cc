#include "tests/end_to_end/world.h"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "runtime/server/endpoint.h"

namespace end_to_end {
namespace {

using runnel::Awaitable;

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

// Passes requests on, with a cut on those that are to have one.
class CuttingHttp final : public runnel::HttpClient {
 public:
  CuttingHttp(runnel::InProcessHttp& http,
              std::function<runnel::InProcessCut(const std::string&)> cut)
      : http_(http), cut_(std::move(cut)) {}

  Awaitable<absl::StatusOr<runnel::HttpResponse>> Send(runnel::HttpRequest request) override {
    if (cut_) http_.CutNext(cut_(request.target));
    co_return co_await http_.Send(std::move(request));
  }

 private:
  runnel::InProcessHttp& http_;
  const std::function<runnel::InProcessCut(const std::string&)> cut_;
};

}  // namespace

absl::Status Copy(const absl::Status& status) {
  absl::Status copy(status.code(), std::string(status.message()));
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    copy.SetPayload(type, absl::Cord(std::string(payload)));
  });
  return copy;
}

// Lives on the world's loop.
struct World::InProcess {
  InProcess(runnel::Executor executor, WorldOptions options, ScriptedService& service)
      : methods(options.server.interceptors, options.server.authorize),
        clock(options.clock != nullptr ? *options.clock : runnel::Clock::Real()),
        sessions(options.server.limits, clock),
        endpoint(Of(executor, options)),
        http(executor, endpoint),
        client(std::make_shared<CuttingHttp>(http, std::move(options.cut))) {
    Check(methods.Add(service));
  }

  runnel::EndpointOptions Of(runnel::Executor executor, const WorldOptions& options) {
    runnel::EndpointOptions endpoint;
    endpoint.executor = std::move(executor);
    endpoint.blocking_executor = blocking.get_executor();
    endpoint.methods = &methods;
    endpoint.sessions = &sessions;
    endpoint.clock = &clock;
    endpoint.limits = options.server.limits;
    endpoint.times = options.server.times;
    endpoint.authenticate = options.server.authenticate;
    return endpoint;
  }

  static Awaitable<bool> End(InProcess* self) {
    const runnel::Executor executor = co_await boost::asio::this_coro::executor;
    for (const auto& session : self->sessions.All()) session->End("the test is over");
    self->endpoint.calls().CancelAll(absl::UnavailableError("the test is over"));
    co_await self->endpoint.calls().JoinUntil(runnel::Clock::Real(), absl::InfiniteFuture());
    // What the channel has left to say is said meanwhile.
    for (int turn = 0; turn < 100 || self->http.open_exchanges() > 0; ++turn) {
      self->http.CutAll();
      co_await boost::asio::post(executor, boost::asio::use_awaitable);
    }
    co_return true;
  }

  boost::asio::thread_pool blocking{2};
  runnel::MethodRegistry methods;
  runnel::Clock& clock;
  runnel::SessionTable sessions;
  runnel::Endpoint endpoint;
  runnel::InProcessHttp http;
  std::shared_ptr<CuttingHttp> client;
};

World::World(WorldOptions options) {
  runnel::ChannelOptions channel = options.channel;
  if (options.transport == Transport::kInProcess) {
    channel.clock = options.clock;
    in_process_ = std::make_unique<InProcess>(io_.executor(), std::move(options), service_);
    channel_ = runnel::Channel::Over(io_.executor(), in_process_->client, std::move(channel));
  } else {
    options.server.listen = "127.0.0.1:0";
    server_ = std::make_unique<runnel::Server>(std::move(options.server));
    Check(server_->AddService(service_));
    Check(server_->Start());
    channel_ = runnel::Channel::Connect(io_.executor(), server_->url(), std::move(channel));
  }
  stub_ = std::make_unique<Scripted::Stub>(channel_);
}

World::~World() {
  // Handlers that wait for the test would wait for ever.
  journal().Add("release");
  DropChannel();
  if (in_process_ == nullptr) return;
  io_.BlockOn(InProcess::End(in_process_.get()));
  in_process_->blocking.join();
  io_.BlockOn([](std::unique_ptr<InProcess> ended) -> Awaitable<bool> {
    ended.reset();
    co_return true;
  }(std::move(in_process_)));
}

runnel::Server& World::server() { return *server_; }

void World::DropChannel() {
  stub_.reset();
  channel_.reset();
}

size_t World::requests() {
  return io_.BlockOn([](runnel::InProcessHttp& http) -> Awaitable<size_t> {
    co_return http.requests();
  }(in_process_->http));
}

size_t World::open_exchanges() {
  return io_.BlockOn([](runnel::InProcessHttp& http) -> Awaitable<size_t> {
    co_return http.open_exchanges();
  }(in_process_->http));
}

void World::CutConnections() {
  io_.BlockOn([](runnel::InProcessHttp& http) -> Awaitable<bool> {
    http.CutAll();
    co_return true;
  }(in_process_->http));
}

void World::Settle() {
  // Everything is on one loop, and no step takes so many of its turns.
  io_.BlockOn([]() -> Awaitable<bool> {
    const runnel::Executor executor = co_await boost::asio::this_coro::executor;
    for (int turn = 0; turn < 5000; ++turn) {
      co_await boost::asio::post(executor, boost::asio::use_awaitable);
    }
    co_return true;
  }());
}

}  // namespace end_to_end
