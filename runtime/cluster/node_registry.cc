#include "runtime/cluster/node_registry.h"

namespace runnel {

absl::Status MemoryNodeRegistry::Join(const std::string& name, const std::string& url) {
  std::lock_guard lock(mutex_);
  places_[name] = NodePlace(NodePlace::Lease::kHeld, url);
  return absl::OkStatus();
}

void MemoryNodeRegistry::Leave(const std::string& name) {
  std::lock_guard lock(mutex_);
  places_.erase(name);
}

Awaitable<NodePlace> MemoryNodeRegistry::Find(std::string name) { co_return Remembered(name); }

NodePlace MemoryNodeRegistry::Remembered(const std::string& name) {
  std::lock_guard lock(mutex_);
  const auto found = places_.find(name);
  NodePlace place;
  if (found != places_.end()) {
    place = found->second;
  } else {
    place.lease = NodePlace::Lease::kGone;
  }
  if (away_) place.lease = NodePlace::Lease::kUnknown;
  return place;
}

void MemoryNodeRegistry::SetAway(bool away) {
  std::lock_guard lock(mutex_);
  away_ = away;
}

void MemoryNodeRegistry::Expire(const std::string& name) {
  std::lock_guard lock(mutex_);
  const auto found = places_.find(name);
  if (found != places_.end()) found->second.lease = NodePlace::Lease::kGone;
}

void MemoryNodeRegistry::Renew(const std::string& name) {
  std::lock_guard lock(mutex_);
  const auto found = places_.find(name);
  if (found != places_.end()) found->second.lease = NodePlace::Lease::kHeld;
}

}  // namespace runnel
