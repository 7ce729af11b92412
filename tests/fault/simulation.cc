#include "tests/fault/simulation.h"

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/client/channel.h"
#include "runtime/server/endpoint.h"
#include "runtime/testing/in_process_http.h"
#include "runtime/testing/manual_clock.h"
#include "tests/fault/caller.h"
#include "tests/fault/counted_service.h"
#include "tests/fault/faulty_http.h"
#include "tests/fault/repeatable_random.h"

namespace fault {
namespace {

using runnel::Awaitable;

// More than any traffic needs, its pauses and the waits of a client included.
constexpr absl::Duration kPatience = absl::Hours(3);
// How long handlers may go on after the last call of the client: a session's lease and its resume
// window, and some.
constexpr absl::Duration kAftermath = absl::Minutes(10);
// Steps of the loop at one moment: more is a loop that feeds itself.
constexpr uint64_t kMaxSteps = 3'000'000;

// One life of the server. Its sessions and calls die with it.
struct Process {
  Process(runnel::Executor executor, runnel::Clock& clock, const Traffic& traffic,
          Transcript& transcript)
      : service(traffic, clock, transcript),
        sessions(runnel::Limits(), clock),
        endpoint(OptionsOf(std::move(executor), clock)) {
    if (!methods.Add(service).ok()) std::abort();
  }

  runnel::EndpointOptions OptionsOf(runnel::Executor executor, runnel::Clock& clock) {
    runnel::EndpointOptions options;
    options.executor = executor;
    options.blocking_executor = executor;
    options.methods = &methods;
    options.sessions = &sessions;
    options.clock = &clock;
    return options;
  }

  void End() {
    for (const auto& session : sessions.All()) session->End("the simulation ends it");
    endpoint.calls().CancelAll(absl::UnavailableError("the simulation ends it"));
  }

  CountedService service;
  runnel::MethodRegistry methods;
  runnel::SessionTable sessions;
  runnel::Endpoint endpoint;
};

class World final : public runnel::HttpHandler {
 public:
  World(const Traffic& traffic, const Schedule& schedule, std::vector<std::string>* trace)
      : traffic_(traffic), client_(traffic.calls.size()), server_(traffic.calls.size()) {
    StartServer();
    faulty_ = std::make_shared<FaultyHttp>(context_.get_executor(), http_, clock_, schedule);
    faulty_->TraceTo(trace);
    faulty_->on_kill = [this] {
      processes_.back()->service.Kill();
      processes_.back()->End();
    };
    faulty_->on_restart = [this] { StartServer(); };
    runnel::ChannelOptions options;
    options.codec = traffic.codec;
    options.route = runnel::Route::kSession;
    options.clock = &clock_;
    channel_ = runnel::Channel::Over(context_.get_executor(), faulty_, options);
    stub_ = std::make_unique<Counted::Stub>(channel_);
    caller_ = std::make_unique<Caller>(context_.get_executor(), *stub_, traffic_, clock_, client_);
  }

  // Ends everything while the loop still turns, so that nothing is left in it. False where that
  // fails: then something still uses this world.
  bool Close() {
    caller_->Cancel();
    stub_.reset();
    channel_.reset();
    for (int turn = 0; turn < 100; ++turn) {
      for (auto& process : processes_) process->End();
      faulty_->CutAll();
      http_.CutAll();
      context_.restart();
      for (int step = 0; step < 100'000 && context_.poll_one() > 0; ++step) continue;
    }
    return caller_->open() == 0 && Running() == 0 && http_.open_exchanges() == 0;
  }

  Awaitable<runnel::HttpResponse> Handle(runnel::HttpRequest request) override {
    co_return co_await processes_.back()->endpoint.Handle(std::move(request));
  }

  Simulated Run(const Schedule& schedule) {
    const absl::Time start = clock_.Now();
    caller_->Start();
    std::string hung;
    if (!Drive([this] { return caller_->open() == 0; }, start + schedule.End() + kPatience)) {
      hung = spins_ ? "the loop spins" : absl::StrCat(caller_->open(), " calls never end");
    } else if (!Drive([this] { return Running() == 0 && !faulty_->copies_pending(); },
                      std::max(clock_.Now(), start + schedule.End()) + kAftermath)) {
      hung = spins_ ? "the loop spins" : absl::StrCat(Running(), " handlers never return");
    }
    Simulated result;
    result.lasted = clock_.Now() - start;
    result.verdict = Judge(traffic_, client_, server_, schedule.EndsSessions());
    if (!hung.empty()) {
      result.verdict.why = result.verdict.result == Class::kIdentical
                               ? hung
                               : absl::StrCat(hung, "; ", result.verdict.why);
      result.verdict.result = Class::kHung;
    }
    result.client = client_;
    result.server = server_;
    result.exchanges = faulty_->exchanges();
    result.servers = static_cast<int>(processes_.size());
    return result;
  }

 private:
  void StartServer() {
    processes_.push_back(
        std::make_unique<Process>(context_.get_executor(), clock_, traffic_, server_));
  }

  int Running() const {
    int running = 0;
    for (const auto& process : processes_) running += process->service.running();
    return running;
  }

  // Lets everything happen, and time pass, until `done`. False when that does not come by
  // `deadline`, or nothing is left that could happen.
  bool Drive(const std::function<bool()>& done, absl::Time deadline) {
    for (;;) {
      context_.restart();
      uint64_t steps = 0;
      while (context_.poll_one() > 0) {
        if (++steps > kMaxSteps) {
          spins_ = true;
          return false;
        }
      }
      if (done()) return true;
      const absl::Time next = clock_.NextDue();
      if (next > deadline) return false;
      clock_.Advance(next - clock_.Now());
    }
  }

  const Traffic& traffic_;
  runnel::ManualClock clock_;
  boost::asio::io_context context_{1};
  Transcript client_;
  Transcript server_;
  std::vector<std::unique_ptr<Process>> processes_;  // the last one serves
  runnel::InProcessHttp http_{context_.get_executor(), *this};
  std::shared_ptr<FaultyHttp> faulty_;
  std::shared_ptr<runnel::Channel> channel_;
  std::unique_ptr<Counted::Stub> stub_;
  std::unique_ptr<Caller> caller_;
  bool spins_ = false;
};

}  // namespace

Simulated Simulate(const Traffic& traffic, const Schedule& schedule, uint64_t seed,
                   std::vector<std::string>* trace) {
  RepeatableRandom random(seed);
  auto world = std::make_unique<World>(traffic, schedule, trace);
  Simulated result = world->Run(schedule);
  if (world->Close()) return result;
  // What cannot be ended cannot be destroyed either.
  static_cast<void>(world.release());
  result.verdict.why += "; and it could not be ended";
  if (result.verdict.result < Class::kHung) result.verdict.result = Class::kHung;
  return result;
}

}  // namespace fault
