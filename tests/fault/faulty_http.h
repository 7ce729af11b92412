// FaultyHttp is a network on which things go wrong as a Schedule says, between a client and a
// handler in one process (over InProcessHttp). Its time is that of the clock it is given.

#ifndef RUNNEL_TESTS_FAULT_FAULTY_HTTP_H_
#define RUNNEL_TESTS_FAULT_FAULTY_HTTP_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "runtime/async/clock.h"
#include "runtime/async/task_group.h"
#include "runtime/http/http_message.h"
#include "runtime/testing/in_process_http.h"
#include "tests/fault/schedule.h"

namespace fault {

// Lives on one loop. What it refers to outlives it; exchanges end with it.
class FaultyHttp final : public runnel::HttpClient {
 public:
  // The time of the schedule begins now.
  FaultyHttp(runnel::Executor executor, runnel::InProcessHttp& http, runnel::Clock& clock,
             Schedule schedule);
  ~FaultyHttp() override;

  runnel::Awaitable<absl::StatusOr<runnel::HttpResponse>> Send(
      runnel::HttpRequest request) override;

  // What else is to happen when the server is killed, and when there is a new one.
  std::function<void()> on_kill;
  std::function<void()> on_restart;

  // Breaks every connection, and loses what is on its way.
  void CutAll();

  // Whether copies of requests are still to arrive.
  bool copies_pending() const { return copies_.size() > 0; }
  uint64_t exchanges() const { return exchanges_; }
  // One line for each exchange that began, and for each fault; for people.
  void TraceTo(std::vector<std::string>* lines) { trace_ = lines; }

 private:
  struct Link;
  class LinkBody;
  class PassedBody;

  // What happens to one exchange.
  struct Fate {
    bool refused = false;   // nobody listens
    bool lost = false;      // the client is told so at once
    bool arrives = true;    // … and the request: at the server
    bool silent = false;    // nothing arrives, in either direction, and nobody is told
    bool gateway = false;   // 502 instead of the response
    bool oversize = false;  // 413 at once
    bool buffered = false;
    absl::Duration request_delay;
    absl::Duration piece_delay;
    absl::Duration cut_after = absl::InfiniteDuration();
    uint64_t cut_request = UINT64_MAX;
    uint64_t cut_reply = UINT64_MAX;
    uint64_t silent_after = UINT64_MAX;
    std::vector<absl::Duration> copies;
  };

  // `body_size`: where it is known beforehand.
  Fate FateOf(uint64_t exchange, std::optional<size_t> body_size);
  bool During(const Fault& fault) const;
  void At(const Fault& fault);
  void Trace(const std::string& line);

  static runnel::Awaitable<void> Carry(std::shared_ptr<Link> link, runnel::InProcessHttp& http,
                                       runnel::Clock& clock, runnel::HttpRequest request,
                                       Fate fate);
  static runnel::Awaitable<void> Copy(runnel::InProcessHttp& http, runnel::Clock& clock,
                                      runnel::HttpRequest request, absl::Duration delay);

  const runnel::Executor executor_;
  runnel::InProcessHttp& http_;
  runnel::Clock& clock_;
  const Schedule schedule_;
  const absl::Time start_;
  uint64_t exchanges_ = 0;
  std::map<uint64_t, std::weak_ptr<Link>> links_;
  runnel::TaskGroup copies_;
  std::vector<std::unique_ptr<runnel::Timer>> timers_;
  std::vector<std::string>* trace_ = nullptr;
};

}  // namespace fault

#endif  // RUNNEL_TESTS_FAULT_FAULTY_HTTP_H_
