// NodeRegistry says where the nodes of a cluster are. A node is one life of a server's process: it
// draws its name when it starts, so a name that is gone never comes back (PROTOCOL.md, part G).

#ifndef RUNNEL_RUNTIME_CLUSTER_NODE_REGISTRY_H_
#define RUNNEL_RUNTIME_CLUSTER_NODE_REGISTRY_H_

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "runtime/async/awaitable.h"

namespace runnel {

struct NodePlace {
  enum class Lease {
    kHeld,
    kGone,     // the registry has answered, and knows of no such node any more
    kUnknown,  // the registry cannot say
  };

  NodePlace() = default;
  NodePlace(Lease l, std::string u) : lease(l), url(std::move(u)) {}

  Lease lease = Lease::kUnknown;
  // Where it is, or was when it was last heard of. Empty where nobody here has heard of it.
  std::string url;
};

// Thread-safe: every loop asks. Outlives the servers that use it.
class NodeRegistry {
 public:
  virtual ~NodeRegistry() = default;

  // Lets others find the node until Leave: from the return on, as a session that nobody finds is
  // lost. UNAVAILABLE when the registry does not answer; nobody has joined then. Not for a loop.
  virtual absl::Status Join(const std::string& name, const std::string& url) = 0;
  virtual void Leave(const std::string& name) = 0;

  // Answers soon even where what stands behind it does not: from what it remembers, or kUnknown.
  virtual Awaitable<NodePlace> Find(std::string name) = 0;
  // What it remembers, without asking anybody; kUnknown and no URL where that is nothing.
  virtual NodePlace Remembered(const std::string& name) = 0;
};

// The registry of nodes that share a process, as those of tests do.
class MemoryNodeRegistry final : public NodeRegistry {
 public:
  absl::Status Join(const std::string& name, const std::string& url) override;
  void Leave(const std::string& name) override;
  Awaitable<NodePlace> Find(std::string name) override;
  NodePlace Remembered(const std::string& name) override;

  // As if what stands behind it did not answer: what it has said before it still says.
  void SetAway(bool away);
  // As if the node did not renew its lease, and as if it did so again.
  void Expire(const std::string& name);
  void Renew(const std::string& name);

 private:
  std::mutex mutex_;
  bool away_ = false;
  std::map<std::string, NodePlace> places_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLUSTER_NODE_REGISTRY_H_
