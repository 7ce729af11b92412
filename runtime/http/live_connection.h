// LiveConnection is what a connection of a server is at, for people who look into the server.

#ifndef RUNNEL_RUNTIME_HTTP_LIVE_CONNECTION_H_
#define RUNNEL_RUNTIME_HTTP_LIVE_CONNECTION_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace runnel {

struct LiveConnection {
  int loop = 0;         // of the server's
  uint64_t number = 0;  // of the loop's connections, counted from 1
  std::string peer;
  absl::Duration age;
  uint64_t requests = 0;     // whose heads have arrived
  bool serving = false;      // a request is under way
  bool responding = false;   // its response has begun
  uint64_t input_bytes = 0;  // have arrived, and were not taken yet
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_LIVE_CONNECTION_H_
