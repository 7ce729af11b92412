#include "tools/cli/bench_command.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "runtime/async/clock.h"
#include "runtime/async/task_group.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "tools/cli/address.h"
#include "tools/cli/connection.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/load.h"
#include "tools/cli/load_report.h"
#include "tools/cli/progress_bar.h"
#include "tools/cli/request_source.h"
#include "tools/cli/schema_source.h"

namespace runnel::cli {
namespace {

constexpr uint64_t kCallersWithRate = 100;
constexpr absl::Duration kBetweenLooks = absl::Milliseconds(200);

absl::StatusOr<std::vector<std::string>> Requests(const Target& target,
                                                  std::vector<std::string> words) {
  if (words.empty()) words = {"{}"};
  RUNNEL_ASSIGN_OR_RETURN(const std::unique_ptr<RequestSource> source,
                          RequestSource::Of(target.schema, *target.method->input_type(), words,
                                            target.info().client_streams()));
  std::vector<std::string> requests;
  while (true) {
    RUNNEL_ASSIGN_OR_RETURN(std::optional<std::string> json, source->Next());
    if (!json) break;
    requests.push_back(*std::move(json));
  }
  if (requests.empty() || (requests.size() > 1 && !target.info().client_streams())) {
    return absl::InvalidArgumentError(
        absl::StrCat("the method takes one message, and there are ", requests.size()));
  }
  return requests;
}

// Shows how far the load is, beside it.
Awaitable<void> ShowProgress(const Load& load, Clock& clock, absl::Duration duration,
                             const Terminal& terminal) {
  ProgressBar bar(terminal, clock.Now());
  while (true) {
    const absl::Status slept = co_await SleepFor(clock, kBetweenLooks);
    if (!slept.ok()) co_return;
    const absl::Duration elapsed = load.elapsed();
    bar.Show(absl::FDivDuration(elapsed, duration),
             absl::StrFormat("%.0f s, %d calls", absl::ToDoubleSeconds(elapsed),
                             load.result().calls.count()),
             clock.Now());
  }
}

Awaitable<bool> RunLoad(Load& load, Clock& clock, absl::Duration duration,
                        const Terminal& terminal) {
  const Executor here = co_await asio::this_coro::executor;
  TaskGroup beside(here);
  beside.Spawn(ShowProgress(load, clock, duration, terminal));
  co_await load.Run();
  beside.Cancel();
  co_await beside.Join();
  co_return true;
}

absl::Status WorstOf(const LoadResult& result) {
  if (result.failures.empty()) return absl::OkStatus();
  const auto most =
      std::max_element(result.failures.begin(), result.failures.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return absl::Status(
      most->first,
      absl::StrCat(most->second, " calls failed; the first one: ", result.example.message()));
}

}  // namespace

absl::Status RunBench(Options options, const Console& console, std::string& url) {
  std::vector<std::string> words = options.words;
  url = TakeAddress(words);
  RUNNEL_ASSIGN_OR_RETURN(Target target, TakeTarget(options));
  absl::StatusOr<std::vector<std::string>> requests = Requests(target, options.words);
  if (!requests.ok()) return Mistake(std::move(requests).status());
  absl::StatusOr<std::unique_ptr<Connection>> connection =
      Connection::Open(options, target.url, Codec::kJson);
  if (!connection.ok()) return Mistake(std::move(connection).status());
  IoThread& io = (*connection)->io();

  LoadPlan plan;
  plan.channel = (*connection)->channel();
  plan.method = target.info();
  plan.request_type = target.method->input_type();
  plan.response_type = target.method->output_type();
  plan.options = (*connection)->call_options();
  plan.requests = *std::move(requests);
  plan.rate = options.rate;
  plan.callers = options.concurrency > 0 ? options.concurrency
                 : options.rate > 0      ? kCallersWithRate
                                         : 1;
  plan.duration = options.duration;
  plan.clock = &Clock::Real();
  const uint64_t callers = plan.callers;
  Load load(std::move(plan));
  bool interrupted = false;
  {
    Interrupt interrupt(io, [&] {
      interrupted = true;
      load.Stop();
    });
    io.BlockOn(RunLoad(load, Clock::Real(), options.duration, console.err));
  }
  LoadTitle title;
  title.method = absl::StrCat(target.method->service()->full_name(), "/", target.method->name());
  title.rate = options.rate;
  title.callers = callers;
  title.streams = target.info().server_streams();
  RUNNEL_RETURN_IF_ERROR(console.Print(console.for_people
                                           ? ReportForPeople(load.result(), title, console.out)
                                           : ReportJson(load.result(), title)));
  return interrupted ? absl::CancelledError("interrupted") : WorstOf(load.result());
}

}  // namespace runnel::cli
