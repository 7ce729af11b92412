// Simulation runs traffic over a faulty network, client and server in one thread and in virtual
// time: minutes of waiting take no time, and the same seed gives the same run.

#ifndef RUNNEL_TESTS_FAULT_SIMULATION_H_
#define RUNNEL_TESTS_FAULT_SIMULATION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/fault/schedule.h"
#include "tests/fault/traffic.h"
#include "tests/fault/transcript.h"

namespace fault {

struct Simulated {
  Verdict verdict;
  Transcript client;
  Transcript server;
  absl::Duration lasted;   // in its own time
  uint64_t exchanges = 0;  // HTTP requests that the client made
  int servers = 1;         // those that were killed included
};

// `seed` is of what the runtime draws itself (secrets, waits). `trace`, where given, gets a line
// for each exchange.
Simulated Simulate(const Traffic& traffic, const Schedule& schedule, uint64_t seed,
                   std::vector<std::string>* trace = nullptr);

}  // namespace fault

#endif  // RUNNEL_TESTS_FAULT_SIMULATION_H_
