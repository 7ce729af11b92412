#include "runtime/server/trusted_proxies.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/core/string_view.h"
#include "runtime/http/peer_address.h"

namespace runnel {
namespace {

using asio::ip::address;
using asio::ip::address_v6;

constexpr int kV4Offset = 96;  // of an IPv4 address, in bits, in its form as IPv6

std::optional<address> ParseAddress(std::string_view text) {
  boost::system::error_code error;
  const address parsed = asio::ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  return parsed;
}

address_v6::bytes_type BytesOf(const address& a) {
  const address_v6 v6 = a.is_v6() ? a.to_v6() : make_address_v6(asio::ip::v4_mapped, a.to_v4());
  return v6.to_bytes();
}

}  // namespace

absl::StatusOr<TrustedProxies> TrustedProxies::Parse(const std::vector<std::string>& entries) {
  TrustedProxies proxies;
  for (const std::string& entry : entries) {
    if (entry == kUnixPeer) {
      proxies.unix_sockets_ = true;
      continue;
    }
    const size_t slash = std::min(entry.find('/'), entry.size());
    const std::optional<address> base = ParseAddress(entry.substr(0, slash));
    int bits = base && base->is_v4() ? 32 : 128;
    const int most = bits;
    const bool counted = slash == entry.size() || absl::SimpleAtoi(entry.substr(slash + 1), &bits);
    if (!base || !counted || bits < 0 || bits > most) {
      return absl::InvalidArgumentError(
          absl::StrCat("ServerOptions::trusted_proxies has \"", entry,
                       "\"; an entry is an address or a network: 10.0.0.7, 10.0.0.0/8, ::1; or "
                       "\"unix:\""));
    }
    proxies.networks_.push_back({BytesOf(*base), base->is_v4() ? kV4Offset + bits : bits});
  }
  return proxies;
}

bool TrustedProxies::Contains(const address& address) const {
  const address_v6::bytes_type bytes = BytesOf(address);
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    for (int bit = 0; bit < network.bits; ++bit) {
      const int mask = 0x80 >> bit % 8;
      if ((bytes[bit / 8] ^ network.bytes[bit / 8]) & mask) return false;
    }
    return true;
  });
}

std::string TrustedProxies::PeerOf(const HttpRequest& request) const {
  if (networks_.empty() && !unix_sockets_) return request.peer;
  if (request.peer == kUnixPeer) {
    if (!unix_sockets_) return request.peer;
  } else {
    const std::optional<address> peer = AddressOfPeer(request.peer);
    if (!peer || !Contains(*peer)) return request.peer;
  }
  std::vector<std::string> forwarded;  // one proxy may add a field, another one to a field
  for (const auto& [name, value] : request.headers) {
    if (!EqualsIgnoreCase(name, "x-forwarded-for")) continue;
    for (absl::string_view entry : absl::StrSplit(value, ',')) {
      forwarded.emplace_back(absl::StripAsciiWhitespace(entry));
    }
  }
  std::string furthest = request.peer;
  while (!forwarded.empty()) {
    const std::optional<address> next = ParseAddress(forwarded.back());
    if (!next) break;
    // As a peer's address is written, but without a port that nobody knows.
    furthest = next->is_v6() ? absl::StrCat("[", next->to_string(), "]:0")
                             : absl::StrCat(next->to_string(), ":0");
    if (!Contains(*next)) break;
    forwarded.pop_back();
  }
  return furthest;
}

}  // namespace runnel
