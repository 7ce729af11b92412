#include "runtime/http/peer_address.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace runnel {

using asio::ip::address;
using asio::ip::address_v6;

std::optional<address> AddressOfPeer(std::string_view peer) {
  std::string_view host = peer.substr(0, std::min(peer.rfind(':'), peer.size()));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const address parsed = asio::ip::make_address(std::string(host), error);
  if (error) return std::nullopt;
  return parsed;
}

std::string NetworkOf(const address& peer) {
  if (peer.is_v4()) return peer.to_string();
  const address_v6 v6 = peer.to_v6();
  if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string();
  address_v6::bytes_type bytes = v6.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return absl::StrCat(address_v6(bytes).to_string(), "/64");
}

}  // namespace runnel
