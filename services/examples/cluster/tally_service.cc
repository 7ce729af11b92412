#include "services/examples/cluster/tally_service.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace examples::cluster {

using runnel::Awaitable;

namespace {

constexpr size_t kMaxTextBytes = 1024;

runnel::RedisTopicOptions NewsOptions() {
  runnel::RedisTopicOptions options;
  options.max_messages = 100;
  return options;
}

}  // namespace

TallyService::TallyService(const runnel::RedisOptions& redis)
    : news_(std::make_shared<runnel::RedisClient>(io_.executor(), redis), "news", NewsOptions()) {}

void TallyService::runnel_drain() { news_.Close(absl::UnavailableError("the server is leaving")); }

void TallyService::SetNode(std::string node) {
  std::lock_guard lock(mutex_);
  node_ = std::move(node);
}

std::string TallyService::node() {
  std::lock_guard lock(mutex_);
  return node_;
}

Awaitable<absl::Status> TallyService::Add(runnel::ServerContext&,
                                          runnel::Reader<v1::Number>& numbers,
                                          runnel::Writer<v1::Sum>& sums) {
  v1::Sum sum;
  sum.set_node(node());
  while (true) {
    RUNNEL_CO_ASSIGN_OR_RETURN(std::optional<v1::Number> number, co_await numbers.Read());
    if (!number) co_return absl::OkStatus();
    // Without overflow, which numbers of a stranger could have.
    sum.set_sum(static_cast<int64_t>(static_cast<uint64_t>(sum.sum()) +
                                     static_cast<uint64_t>(number->value())));
    RUNNEL_CO_RETURN_IF_ERROR(co_await sums.Write(sum));
  }
}

Awaitable<absl::StatusOr<v1::WhereResponse>> TallyService::Where(runnel::ServerContext&,
                                                                 const v1::WhereRequest&) {
  v1::WhereResponse response;
  response.set_node(node());
  co_return response;
}

Awaitable<absl::Status> TallyService::Tick(runnel::ServerContext& context, const v1::TickRequest&,
                                           runnel::Writer<v1::Sum>& sums) {
  v1::Sum sum;
  sum.set_node(node());
  while (true) {
    sum.set_sum(sum.sum() + 1);
    RUNNEL_CO_RETURN_IF_ERROR(co_await sums.Write(sum));
    RUNNEL_CO_RETURN_IF_ERROR(co_await context.Sleep(absl::Seconds(1)));
  }
}

Awaitable<absl::StatusOr<v1::SayResponse>> TallyService::Say(runnel::ServerContext&,
                                                             const v1::SayRequest& request) {
  if (request.text().empty() || request.text().size() > kMaxTextBytes) {
    co_return absl::InvalidArgumentError(absl::StrCat("`text` has ", request.text().size(),
                                                      " bytes; it takes 1 to ", kMaxTextBytes));
  }
  v1::NewsItem item;
  item.set_text(request.text());
  item.set_node(node());
  v1::SayResponse response;
  RUNNEL_CO_ASSIGN_OR_RETURN(*response.mutable_id(), co_await news_.Publish(item));
  co_return response;
}

Awaitable<absl::Status> TallyService::News(runnel::ServerContext& context, const v1::NewsRequest&,
                                           runnel::Writer<v1::NewsItem>& news) {
  runnel::SubscribeOptions from_oldest;
  from_oldest.start = runnel::SubscribeOptions::Start::kOldest;
  co_return co_await news_.Serve(context, news, std::move(from_oldest));
}

}  // namespace examples::cluster
