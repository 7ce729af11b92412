// ConnectionBudget counts the connections of a server, on all of its loops: in all, and of each
// address.

#ifndef RUNNEL_RUNTIME_HTTP_CONNECTION_BUDGET_H_
#define RUNNEL_RUNTIME_HTTP_CONNECTION_BUDGET_H_

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/core/limits.h"

namespace runnel {

// Thread-safe.
class ConnectionBudget : public std::enable_shared_from_this<ConnectionBudget> {
 public:
  // Addresses whose number of connections says nothing about one peer, such as those of proxies.
  using Exempt = std::function<bool(const asio::ip::address&)>;

  // What one connection has taken. Gives it back when it is destroyed.
  class Place {
   public:
    Place() = default;
    Place(std::shared_ptr<ConnectionBudget> budget, std::string owner)
        : budget_(std::move(budget)), owner_(std::move(owner)) {}
    Place(Place&&) = default;
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (budget_ != nullptr) budget_->Return(owner_);
    }

   private:
    std::shared_ptr<ConnectionBudget> budget_;
    std::string owner_;
  };

  explicit ConnectionBudget(const Limits& limits, Exempt exempt = nullptr)
      : max_(limits.max_connections),
        max_per_address_(limits.max_connections_per_address),
        exempt_(std::move(exempt)) {}

  // RESOURCE_EXHAUSTED names the limit. Loopback addresses have no limit of their own. The
  // addresses of one IPv6 network (64 bits, what one customer has) count as one.
  absl::StatusOr<Place> Take(const asio::ip::address& address);

  struct Counts {
    uint64_t live = 0;
    uint64_t taken = 0;  // so far
    // So often a limit was in the way.
    uint64_t refused = 0;
    uint64_t refused_per_address = 0;
  };
  Counts counts() const;

 private:
  void Return(const std::string& owner);

  const size_t max_;
  const size_t max_per_address_;
  const Exempt exempt_;

  mutable std::mutex mutex_;
  size_t count_ = 0;
  Counts counts_;                                           // but for `live`
  std::unordered_map<std::string, size_t> count_by_owner_;  // of those that are not exempt
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_CONNECTION_BUDGET_H_
