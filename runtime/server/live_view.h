// LiveView shows what lives on a server: its connections, sessions and calls, a page at a time.

#ifndef RUNNEL_RUNTIME_SERVER_LIVE_VIEW_H_
#define RUNNEL_RUNTIME_SERVER_LIVE_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/server/live_state.h"

namespace runnel {

class CallGroup;
class HttpServer;
class SessionTable;

// Some of them, and where the next page begins: empty after the last. What comes and goes between
// two pages is on one of them or on none; what stays is on exactly one.
template <typename T>
struct LivePage {
  LivePage() = default;
  std::vector<T> items;
  std::string next;
};

// From any coroutine, on any loop, while the server runs: its own handlers, above all. Those who
// ask go to the loops where things live and look at few at a time, so that nobody's calls wait
// long.
class LiveView {
 public:
  struct Loop {
    Executor executor;
    const CallGroup* calls = nullptr;
    const HttpServer* http = nullptr;
  };

  // What is passed outlives the view.
  explicit LiveView(const SessionTable& sessions) : sessions_(sessions) {}
  // Before anybody asks.
  void AddLoop(Loop loop) { loops_.push_back(std::move(loop)); }

  // At most `most` each, from where `from` says: LivePage::next, or empty for the first page.
  // INVALID_ARGUMENT for any other. Sessions come by their ids, the others by loop and age.
  Awaitable<absl::StatusOr<LivePage<LiveSession>>> Sessions(std::string from, size_t most) const;
  // Those of one session, or of one method ("/package.Service/Method"), where these are not empty.
  struct CallFilter {
    CallFilter() = default;
    std::string session;
    std::string method;
  };
  Awaitable<absl::StatusOr<LivePage<LiveCall>>> Calls(std::string from, size_t most,
                                                      CallFilter filter) const;
  Awaitable<absl::StatusOr<LivePage<LiveConnection>>> Connections(std::string from,
                                                                  size_t most) const;

 private:
  // Where a page begins: behind number `after` of a loop.
  struct Place {
    size_t loop = 0;
    uint64_t after = 0;
  };
  absl::StatusOr<Place> ParsePlace(std::string_view from) const;

  const SessionTable& sessions_;
  std::vector<Loop> loops_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_LIVE_VIEW_H_
