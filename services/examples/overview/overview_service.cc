#include "services/examples/overview/overview_service.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runnel/async.h"
#include "services/examples/jobs/jobs.runnel.h"
#include "services/examples/monitor/monitor.runnel.h"
#include "services/examples/overview/merged_events.h"

namespace examples::overview {
namespace {

constexpr size_t kMergedEvents = 16;
constexpr std::string_view kRequestId = "x-request-id";

// What calls made on behalf of this one take over from it. Cancellation needs nothing here: it goes
// from the handler to the tasks it waits for.
runnel::CallOptions OptionsFor(const runnel::ServerContext& context) {
  runnel::CallOptions options;
  options.timeout = context.time_left();
  if (auto id = context.client_metadata().Get(kRequestId)) options.metadata.Set(kRequestId, *id);
  return options;
}

void SetMessage(v1::OverviewEvent& event, monitor::v1::Sample sample) {
  *event.mutable_sample() = std::move(sample);
}
void SetMessage(v1::OverviewEvent& event, jobs::v1::HashTreeUpdate update) {
  *event.mutable_job() = std::move(update);
}

void SetEnd(v1::OverviewEvent& event, const absl::Status& status) {
  if (status.ok()) {
    event.mutable_finished();
    return;
  }
  event.mutable_failure()->set_code(static_cast<int>(status.code()));
  event.mutable_failure()->set_code_name(absl::StatusCodeToString(status.code()));
  event.mutable_failure()->set_message(std::string(status.message()));
}

// Puts a whole stream into `merged`, its end included. `label` says whose it is.
template <typename Message>
runnel::Awaitable<void> Forward(runnel::ClientReader<Message> stream, v1::OverviewEvent label,
                                MergedEvents& merged) {
  absl::Status put;
  for (bool more = true; more && put.ok();) {
    absl::StatusOr<std::optional<Message>> message = co_await stream.Read();
    v1::OverviewEvent event = label;
    more = message.ok() && message->has_value();
    if (more) {
      SetMessage(event, **std::move(message));
    } else {
      SetEnd(event, message.status());
    }
    put = co_await merged.Put(std::move(event));
  }
  merged.EndSource();
}

runnel::Awaitable<absl::Status> SendAll(MergedEvents& merged,
                                        runnel::Writer<v1::OverviewEvent>& out) {
  while (true) {
    RUNNEL_CO_ASSIGN_OR_RETURN(std::optional<v1::OverviewEvent> event, co_await merged.Take());
    if (!event) co_return absl::OkStatus();
    RUNNEL_CO_RETURN_IF_ERROR(co_await out.Write(*event));
  }
}

}  // namespace

void OverviewService::SetServers(const std::vector<std::string>& urls) {
  std::vector<Server> servers;
  for (const std::string& url : urls) {
    servers.push_back({url, runnel::Channel::Connect(executor_, url)});
  }
  const std::lock_guard lock(mutex_);
  servers_ = std::move(servers);
}

void OverviewService::SetServer(std::string url, std::shared_ptr<runnel::Channel> channel) {
  const std::lock_guard lock(mutex_);
  servers_ = {{std::move(url), std::move(channel)}};
}

absl::StatusOr<std::vector<OverviewService::Server>> OverviewService::Choose(
    const v1::WatchRequest& request) {
  const std::lock_guard lock(mutex_);
  if (request.servers().empty()) return servers_;
  std::vector<Server> chosen;
  for (const std::string& url : request.servers()) {
    const auto server = std::find_if(servers_.begin(), servers_.end(),
                                     [&](const Server& s) { return s.url == url; });
    if (server == servers_.end()) {
      return absl::PermissionDeniedError(
          absl::StrCat(url, " is not one of the servers that this overview may watch"));
    }
    chosen.push_back(*server);
  }
  return chosen;
}

runnel::Awaitable<absl::Status> OverviewService::Watch(runnel::ServerContext& context,
                                                       const v1::WatchRequest& request,
                                                       runnel::Writer<v1::OverviewEvent>& out) {
  RUNNEL_CO_ASSIGN_OR_RETURN(const std::vector<Server> servers, Choose(request));
  const runnel::CallOptions options = OptionsFor(context);
  monitor::v1::WatchRequest watch;
  if (request.has_interval()) *watch.mutable_interval() = request.interval();
  watch.set_count(request.samples());

  // The tasks run on this handler's loop, so nothing here needs a lock, and refer to `merged`, so
  // none may be left when this returns.
  MergedEvents merged(kMergedEvents);
  runnel::TaskGroup tasks(context.executor());
  for (const Server& server : servers) {
    v1::OverviewEvent label;
    label.set_server(server.url);
    label.set_source(v1::SOURCE_MONITOR);
    merged.AddSource();
    tasks.Spawn(
        Forward(monitor::v1::Monitor::Stub(server.channel).Watch(watch, options), label, merged));
    if (!request.has_hash_tree()) continue;
    label.set_source(v1::SOURCE_JOBS);
    merged.AddSource();
    tasks.Spawn(Forward(jobs::v1::Jobs::Stub(server.channel).HashTree(request.hash_tree(), options),
                        label, merged));
  }
  absl::Status status = co_await SendAll(merged, out);
  tasks.Cancel();
  co_await tasks.Join();
  co_return status;
}

}  // namespace examples::overview
