// Where peers are, and which of their addresses count as one.

#ifndef RUNNEL_RUNTIME_HTTP_PEER_ADDRESS_H_
#define RUNNEL_RUNTIME_HTTP_PEER_ADDRESS_H_

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/async/awaitable.h"

namespace runnel {

// HttpRequest::peer of whoever comes by a Unix socket.
inline constexpr std::string_view kUnixPeer = "unix:";

// The address in HttpRequest::peer ("127.0.0.1:53122", "[::1]:53122"); nullopt where it has none,
// as in process.
std::optional<asio::ip::address> AddressOfPeer(std::string_view peer);

// What limits on addresses count by: an IPv4 address ("203.0.113.7"), also where it is written as
// an IPv6 one; of other IPv6 addresses the network of 64 bits that one customer has
// ("2001:db8:0:1::/64").
std::string NetworkOf(const asio::ip::address& address);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_PEER_ADDRESS_H_
