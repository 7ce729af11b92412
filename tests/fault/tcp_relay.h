// TcpRelay passes connections on to another address, and does to them what a FaultProxy is told to
// do to connections.

#ifndef RUNNEL_TESTS_FAULT_TCP_RELAY_H_
#define RUNNEL_TESTS_FAULT_TCP_RELAY_H_

#include <memory>

#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/http/http_url.h"
#include "tests/fault/dice.h"
#include "tests/fault/fault_proxy.h"

namespace fault {

// Lives on its executor's loop. What it refers to outlives it.
class TcpRelay {
 public:
  TcpRelay(runnel::Executor executor, runnel::HostPort upstream, const FaultProxyOptions& options,
           Dice& dice, FaultCounts& counts);
  ~TcpRelay();

  // Begins to accept and returns the port.
  absl::StatusOr<int> Listen(const runnel::HostPort& address);
  // Accepts no more, cuts every connection, and returns when they are gone.
  runnel::Awaitable<void> Shutdown();

 private:
  struct State;
  struct Connection;

  static runnel::Awaitable<void> Accept(std::shared_ptr<State> state);
  static runnel::Awaitable<void> Serve(std::shared_ptr<State> state,
                                       std::shared_ptr<Connection> connection);

  std::shared_ptr<State> state_;
};

}  // namespace fault

#endif  // RUNNEL_TESTS_FAULT_TCP_RELAY_H_
