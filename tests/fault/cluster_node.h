// A node of a cluster as a process of its own, for a run to kill, drain and freeze.

#ifndef RUNNEL_TESTS_FAULT_CLUSTER_NODE_H_
#define RUNNEL_TESTS_FAULT_CLUSTER_NODE_H_

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace fault {

// The key of the metadata with which a handler says in which life of which node it runs.
inline constexpr char kNodeKey[] = "x-node";

struct ClusterNodeOptions {
  std::string redis;           // its URL
  std::string secret;          // the cluster's
  std::string listen;          // for clients
  std::string cluster_listen;  // for the other nodes
  std::string advertise;       // where they find it
  std::string journal;         // a file: a line for each method that runs
  absl::Duration grace;        // how long a node that drains lets its calls run
  absl::Duration heartbeat;    // of streams
};

// The program's arguments that make it such a node.
std::vector<std::string> ArgumentsOf(const ClusterNodeOptions& options);
// Whether they are that.
bool IsClusterNode(int argc, char** argv);

// Serves fault.v1.Counted and fault.v1.Feed until SIGTERM, and drains then. Prints its name when it
// is there. The exit status.
//
// Both sends every message back, and ends the call DATA_LOSS where one is not the next, or not the
// one that was sent. Down sends `index` messages. Unary sends its request back.
int RunClusterNode(char** argv);

}  // namespace fault

#endif  // RUNNEL_TESTS_FAULT_CLUSTER_NODE_H_
