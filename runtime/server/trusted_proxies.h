// TrustedProxies are the proxies in front of a server whose word on whom they forward for counts.

#ifndef RUNNEL_RUNTIME_SERVER_TRUSTED_PROXIES_H_
#define RUNNEL_RUNTIME_SERVER_TRUSTED_PROXIES_H_

#include <boost/asio/ip/address.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/http/http_message.h"

namespace runnel {

// A value, immutable.
class TrustedProxies {
 public:
  TrustedProxies() = default;  // none

  // Addresses ("10.0.0.7", "::1") and networks ("10.0.0.0/8"). INVALID_ARGUMENT names a bad one.
  static absl::StatusOr<TrustedProxies> Parse(const std::vector<std::string>& entries);

  bool Contains(const asio::ip::address& address) const;

  // Where `request` comes from: the peer, or, where that is one of these, the last address in
  // X-Forwarded-For that is not. What stands before that may be anybody's invention.
  std::string PeerOf(const HttpRequest& request) const;

 private:
  struct Network {
    asio::ip::address_v6::bytes_type bytes;
    int bits;
  };

  std::vector<Network> networks_;
  bool unix_sockets_ = false;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_TRUSTED_PROXIES_H_
