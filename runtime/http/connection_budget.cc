#include "runtime/http/connection_budget.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

using asio::ip::address;

// "203.0.113.7", "2001:db8:0:1::/64".
std::string OwnerOf(const address& peer) {
  if (peer.is_v4()) return peer.to_string();
  asio::ip::address_v6 v6 = peer.to_v6();
  if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string();
  asio::ip::address_v6::bytes_type bytes = v6.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return absl::StrCat(asio::ip::address_v6(bytes).to_string(), "/64");
}

}  // namespace

absl::StatusOr<ConnectionBudget::Place> ConnectionBudget::Take(const address& peer) {
  const bool exempt = peer.is_loopback() || (exempt_ && exempt_(peer));
  std::string owner = exempt ? std::string() : OwnerOf(peer);
  std::lock_guard lock(mutex_);
  if (count_ >= max_) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the server has ", count_, " connections; limit is Limits::max_connections"));
  }
  if (!exempt) {
    size_t& count = count_by_owner_[owner];
    if (count >= max_per_address_) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the server has ", count, " connections from ", owner,
                       "; limit is Limits::max_connections_per_address"));
    }
    ++count;
  }
  ++count_;
  return Place(shared_from_this(), std::move(owner));
}

void ConnectionBudget::Return(const std::string& owner) {
  std::lock_guard lock(mutex_);
  --count_;
  if (owner.empty()) return;
  const auto found = count_by_owner_.find(owner);
  if (--found->second == 0) count_by_owner_.erase(found);
}

}  // namespace runnel
