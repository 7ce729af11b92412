// CountedService is the server's end of a simulation: it plays its part of the traffic and notes
// what it sees.

#ifndef RUNNEL_TESTS_FAULT_COUNTED_SERVICE_H_
#define RUNNEL_TESTS_FAULT_COUNTED_SERVICE_H_

#include "runtime/async/clock.h"
#include "tests/fault/counted.runnel.h"
#include "tests/fault/traffic.h"
#include "tests/fault/transcript.h"

namespace fault {

using v1::Counted;
using v1::Item;

// The metadata key that tells the handlers which call of the traffic theirs is.
inline constexpr char kCallKey[] = "x-call";

Item ItemOf(size_t call, Direction direction, size_t index, const std::vector<size_t>& sizes);

// Lives on one loop. What it refers to outlives it.
class CountedService final : public Counted::Service {
 public:
  CountedService(const Traffic& traffic, runnel::Clock& clock, Transcript& transcript)
      : traffic_(traffic), clock_(clock), transcript_(transcript) {}

  // As a process that is killed: what its handlers do from now on, nobody sees.
  void Kill() { killed_ = true; }
  // Handlers that have not returned.
  int running() const { return running_; }

  runnel::Awaitable<absl::StatusOr<Item>> Unary(runnel::ServerContext& context,
                                                const Item& request) override;
  runnel::Awaitable<absl::Status> Down(runnel::ServerContext& context, const Item& request,
                                       runnel::Writer<Item>& out) override;
  runnel::Awaitable<absl::StatusOr<Item>> Up(runnel::ServerContext& context,
                                             runnel::Reader<Item>& in) override;
  runnel::Awaitable<absl::Status> Both(runnel::ServerContext& context, runnel::Reader<Item>& in,
                                       runnel::Writer<Item>& out) override;

 private:
  // One handler at work.
  class Part;

  const Traffic& traffic_;
  runnel::Clock& clock_;
  Transcript& transcript_;
  bool killed_ = false;
  int running_ = 0;
};

}  // namespace fault

#endif  // RUNNEL_TESTS_FAULT_COUNTED_SERVICE_H_
