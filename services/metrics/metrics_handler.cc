#include "runnel/metrics_handler.h"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <iterator>
#include <sstream>
#include <utility>

#include "prometheus/text_serializer.h"
#include "services/metrics/server_metrics.h"

namespace runnel {
namespace {

namespace asio = boost::asio;

// Counts calls by their principals.
class PrincipalCalls final : public ServerObserver, public prometheus::Collectable {
 public:
  explicit PrincipalCalls(size_t most) : most_(most) {}

  void OnCallEnded(const EndedCall& call) override {
    const std::string& principal = call.context.principal();
    std::lock_guard lock(mutex_);
    const auto known = calls_.find(principal);
    if (known != calls_.end()) {
      ++known->second;
    } else if (calls_.size() < most_) {
      calls_.emplace(principal, 1);
    } else {
      ++others_;
    }
  }

  std::vector<prometheus::MetricFamily> Collect() const override {
    prometheus::MetricFamily family;
    family.name = "runnel_server_principal_calls_total";
    family.help = "Calls that have ended, by who made them.";
    family.type = prometheus::MetricType::Counter;
    const auto add = [&](std::string principal, uint64_t calls) {
      prometheus::ClientMetric& metric = family.metric.emplace_back();
      metric.label.push_back({"principal", std::move(principal)});
      metric.counter.value = static_cast<double>(calls);
    };
    std::lock_guard lock(mutex_);
    uint64_t others = others_;
    for (const auto& [principal, calls] : calls_) {
      if (principal == "other") {
        others += calls;
      } else {
        add(principal, calls);
      }
    }
    if (others > 0) add("other", others);
    return {std::move(family)};
  }

 private:
  const size_t most_;
  mutable std::mutex mutex_;
  std::map<std::string, uint64_t> calls_;
  uint64_t others_ = 0;
};

HttpResponse TextResponse(int status, std::string type, std::string text) {
  HttpResponse response;
  response.status = status;
  response.headers.Add("content-type", std::move(type));
  response.headers.Add("cache-control", "no-store");
  response.body = StringBody(std::move(text));
  return response;
}

}  // namespace

MetricsHandler::MetricsHandler() = default;

MetricsHandler::~MetricsHandler() { thread_.join(); }

absl::Status MetricsHandler::AddTo(Server& server, std::string path) {
  Show(server);
  return server.AddHandler(std::move(path), *this);
}

void MetricsHandler::Show(const Server& server) { server_ = &server; }

void MetricsHandler::Add(std::shared_ptr<prometheus::Collectable> collectable) {
  others_.push_back(std::move(collectable));
}

std::shared_ptr<ServerObserver> MetricsHandler::CountPrincipals(size_t most) {
  auto calls = std::make_shared<PrincipalCalls>(most);
  Add(calls);
  return calls;
}

std::string MetricsHandler::Text() const {
  std::vector<prometheus::MetricFamily> families = CollectProcessMetrics();
  const auto add = [&](std::vector<prometheus::MetricFamily> more) {
    families.insert(families.end(), std::make_move_iterator(more.begin()),
                    std::make_move_iterator(more.end()));
  };
  if (server_ != nullptr) add(CollectServerMetrics(server_->Stats()));
  for (const auto& other : others_) add(other->Collect());
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families);
  return std::move(text).str();
}

Awaitable<HttpResponse> MetricsHandler::Handle(HttpRequest request, std::string) {
  if (request.method != "GET" && request.method != "HEAD") {
    HttpResponse refusal = TextResponse(405, "text/plain; charset=utf-8", "metrics take GET\n");
    refusal.headers.Add("allow", "GET, HEAD");
    co_return refusal;
  }
  std::string text;
  auto begin = [&](auto handler) {
    asio::post(thread_, [&, handler = std::move(handler)]() mutable {
      text = Text();
      auto loop = asio::get_associated_executor(handler);
      asio::post(loop, std::move(handler));
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(begin, asio::use_awaitable);
  co_return TextResponse(200, "text/plain; version=0.0.4; charset=utf-8", std::move(text));
}

}  // namespace runnel
