// Load calls a method over and over, and keeps count.

#ifndef TOOLS_CLI_LOAD_H_
#define TOOLS_CLI_LOAD_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/client/client_call.h"
#include "tools/cli/latency_histogram.h"

namespace runnel::cli {

struct LoadPlan {
  LoadPlan() = default;

  std::shared_ptr<ChannelInterface> channel;
  MethodInfo method;
  const google::protobuf::Descriptor* request_type = nullptr;
  const google::protobuf::Descriptor* response_type = nullptr;
  CallOptions options;
  std::vector<std::string> requests;  // of each call, in JSON
  double rate = 0;                    // calls in a second; 0: as fast as the callers can
  uint64_t callers = 1;
  absl::Duration duration;
  Clock* clock = nullptr;
};

struct LoadResult {
  LoadResult() = default;

  // Of calls that ended with OK, from when they should have begun.
  LatencyHistogram calls;
  LatencyHistogram first_messages;  // of those that had any
  uint64_t messages = 0;            // responses, of all calls
  std::map<absl::StatusCode, uint64_t> failures;
  absl::Status example;     // of the failures: the first
  uint64_t cut_short = 0;   // calls that were still going on when the time was over
  uint64_t never_made = 0;  // calls whose time had come, and no caller was free
  absl::Duration elapsed;
};

// Lives on its channel's loop.
class Load {
 public:
  explicit Load(LoadPlan plan);
  ~Load();

  // Returns when the time is over and calls that were under way have ended, or after a while were
  // cancelled. Streams are cancelled at once. To be called once.
  Awaitable<void> Run();
  void Stop();

  const LoadResult& result() const { return result_; }
  absl::Duration elapsed() const;

 private:
  struct Running;

  Awaitable<void> CallAgainAndAgain();
  Awaitable<absl::Status> CallOnce(absl::Time begin);
  // When the next call is to begin; InfiniteFuture: none is.
  absl::Time NextBegin();
  void Count(const absl::Status& status, absl::Time begin);

  const LoadPlan plan_;
  Clock& clock_;
  absl::Time start_;
  absl::Time end_;
  uint64_t begun_ = 0;
  bool stopped_ = false;
  bool over_ = false;
  LoadResult result_;
  std::unique_ptr<Running> running_;
};

}  // namespace runnel::cli

#endif  // TOOLS_CLI_LOAD_H_
