// MetricsHandler answers the scrapes of a Prometheus:
//
//   runnel::MetricsHandler metrics;
//   runnel::Server server(options);
//   absl::Status added = metrics.AddTo(server);        // at /metrics
//
// or, on a port of its own, so that it need not be where the services are:
//
//   runnel::Server admin(admin_options);
//   absl::Status added = admin.AddHandler("/metrics", metrics);
//   metrics.Show(server);
//
// Whoever may call the server may read them: which methods there are, and how busy they are. A
// scrape adds up numbers that event loops have counted, on a thread of its own: no call waits.

#ifndef RUNNEL_METRICS_HANDLER_H_
#define RUNNEL_METRICS_HANDLER_H_

#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "prometheus/collectable.h"
#include "runnel/server.h"

namespace runnel {

// Made before the servers, which it outlives.
class MetricsHandler final : public MountedHandler {
 public:
  MetricsHandler();
  ~MetricsHandler() override;

  // Before Server::Start: shows the server, at a path of itself.
  absl::Status AddTo(Server& server, std::string path = "/metrics");
  // Shows a server: one. Before any scrape; it is not scraped after its end.
  void Show(const Server& server);
  // What of your own is to be scraped too: a prometheus::Registry, above all. Before any scrape.
  void Add(std::shared_ptr<prometheus::Collectable> collectable);

  // An observer (ServerOptions::observers) that counts calls by who makes them, as
  // runnel_server_principal_calls_total. Of so many principals; those that come later are "other"
  // together. Off unless asked for: names of users are in the metrics then, one series each.
  std::shared_ptr<ServerObserver> CountPrincipals(size_t most = 100);

  Awaitable<HttpResponse> Handle(HttpRequest request, std::string principal) override;

  // What a scrape gets: the text format of Prometheus, version 0.0.4.
  std::string Text() const;

 private:
  const Server* server_ = nullptr;
  std::vector<std::shared_ptr<prometheus::Collectable>> others_;
  boost::asio::thread_pool thread_{1};
};

}  // namespace runnel

#endif  // RUNNEL_METRICS_HANDLER_H_
