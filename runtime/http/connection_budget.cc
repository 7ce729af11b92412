#include "runtime/http/connection_budget.h"

#include "absl/strings/str_cat.h"
#include "runtime/http/peer_address.h"

namespace runnel {
absl::StatusOr<ConnectionBudget::Place> ConnectionBudget::Take(const asio::ip::address& peer) {
  const bool exempt = peer.is_loopback() || (exempt_ && exempt_(peer));
  std::string owner = exempt ? std::string() : NetworkOf(peer);
  std::lock_guard lock(mutex_);
  if (count_ >= max_) {
    ++counts_.refused;
    return absl::ResourceExhaustedError(
        absl::StrCat("the server has ", count_, " connections; limit is Limits::max_connections"));
  }
  if (!exempt) {
    size_t& count = count_by_owner_[owner];
    if (count >= max_per_address_) {
      ++counts_.refused_per_address;
      return absl::ResourceExhaustedError(
          absl::StrCat("the server has ", count, " connections from ", owner,
                       "; limit is Limits::max_connections_per_address"));
    }
    ++count;
  }
  ++count_;
  ++counts_.taken;
  return Place(shared_from_this(), std::move(owner));
}

ConnectionBudget::Counts ConnectionBudget::counts() const {
  std::lock_guard lock(mutex_);
  Counts counts = counts_;
  counts.live = count_;
  return counts;
}

void ConnectionBudget::Return(const std::string& owner) {
  std::lock_guard lock(mutex_);
  --count_;
  if (owner.empty()) return;
  const auto found = count_by_owner_.find(owner);
  if (--found->second == 0) count_by_owner_.erase(found);
}

}  // namespace runnel
