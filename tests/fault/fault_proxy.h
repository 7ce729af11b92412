// FaultProxy stands between a client and a server and lets things go wrong on the way: over TCP and
// in real time what FaultyHttp is in one process. `proxy` is a program around it.

#ifndef RUNNEL_TESTS_FAULT_FAULT_PROXY_H_
#define RUNNEL_TESTS_FAULT_FAULT_PROXY_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace fault {

// From `least` to `most`, drawn anew each time; none where `most` is zero.
struct Span {
  absl::Duration least;
  absl::Duration most;

  bool given() const { return most > absl::ZeroDuration(); }
};

// The same in bytes.
struct ByteSpan {
  uint64_t least = 0;
  uint64_t most = 0;

  bool given() const { return most > 0; }
};

struct FaultProxyOptions {
  std::string listen = "127.0.0.1:0";  // port 0 takes a free one
  std::string upstream;                // "host:port"
  uint64_t seed = 1;

  // What happens to connections, whatever they carry.
  Span cut_every;           // each ends so long after it began
  ByteSpan cut_after_down;  // each ends after so many bytes to the client
  ByteSpan cut_after_up;    // … to the server
  enum class How { kAny, kReset, kOrderly } cut_how = How::kAny;
  Span silent_after;  // each falls silent so long after it began: open, and nothing arrives
  Span silent_for;    // … and is cut so long after that; not given: never
  Span delay;         // each piece takes so long, in either direction

  // What a proxy does that knows HTTP.
  absl::Duration cut_responses_at;  // responses that take so long are cut; zero: never
  bool buffer = false;              // responses are held back until they are complete
  uint64_t limit_body = 0;          // larger requests get 413 and a page of HTML; 0: none does
  int drop_replies = 0;             // so many percent of the replies (no streams) are lost
  int bad_gateway = 0;              // so many percent of the requests get 502 and a page of HTML

  bool knows_http() const {
    return cut_responses_at > absl::ZeroDuration() || buffer || limit_body > 0 ||
           drop_replies > 0 || bad_gateway > 0;
  }
};

// How often each has happened.
struct FaultCounts {
  std::atomic<int> connections{0};
  std::atomic<int> cuts{0};  // of connections
  std::atomic<int> silences{0};
  std::atomic<int> cut_responses{0};
  std::atomic<int> dropped_replies{0};
  std::atomic<int> refusals{0};  // 413 and 502
};

// Has a thread of its own. Use it from one other.
class FaultProxy {
 public:
  explicit FaultProxy(FaultProxyOptions options);
  // Cuts every connection.
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  // INVALID_ARGUMENT for an address that is none, ALREADY_EXISTS for a port in use.
  absl::Status Start();

  // After Start.
  int port() const;
  std::string url() const;  // "http://127.0.0.1:53122"

  const FaultCounts& counts() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fault

#endif  // RUNNEL_TESTS_FAULT_FAULT_PROXY_H_
