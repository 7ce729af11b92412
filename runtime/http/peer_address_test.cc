#include "runtime/http/peer_address.h"

#include "gtest/gtest.h"

namespace runnel {
namespace {

std::string Network(const char* address) { return NetworkOf(asio::ip::make_address(address)); }

TEST(PeerAddressTest, ReadsTheAddressOfAPeer) {
  EXPECT_EQ(AddressOfPeer("127.0.0.1:5000"), asio::ip::make_address("127.0.0.1"));
  EXPECT_EQ(AddressOfPeer("[::1]:5000"), asio::ip::make_address("::1"));
  for (const char* none : {"", "in process", "127.0.0.1.5:80", "localhost:80", "[::1:80"}) {
    EXPECT_FALSE(AddressOfPeer(none).has_value()) << none;
  }
}

TEST(PeerAddressTest, ANetworkOfVersion6IsOnePeer) {
  EXPECT_EQ(Network("203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(Network("::ffff:203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(Network("2001:db8:0:1:ffff::2"), "2001:db8:0:1::/64");
  EXPECT_EQ(Network("2001:db8:0:1::"), "2001:db8:0:1::/64");
}

}  // namespace
}  // namespace runnel
