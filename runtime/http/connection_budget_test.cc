#include "runtime/http/connection_budget.h"

#include <optional>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using testing::HasSubstr;

constexpr auto kExhausted = absl::StatusCode::kResourceExhausted;

class ConnectionBudgetTest : public testing::Test {
 protected:
  static Limits Small() {
    Limits limits;
    limits.max_connections = 5;
    limits.max_connections_per_address = 2;
    return limits;
  }

  absl::Status Take(const std::string& address) {
    absl::StatusOr<ConnectionBudget::Place> place = budget_->Take(asio::ip::make_address(address));
    if (place.ok()) places_.push_back(*std::move(place));
    return place.status();
  }

  std::shared_ptr<ConnectionBudget> budget_ = std::make_shared<ConnectionBudget>(
      Small(), [](const asio::ip::address& a) { return a.to_string() == "10.0.0.1"; });
  std::vector<ConnectionBudget::Place> places_;
};

TEST_F(ConnectionBudgetTest, AnAddressHasOnlySoMany) {
  EXPECT_TRUE(Take("203.0.113.7").ok());
  EXPECT_TRUE(Take("203.0.113.7").ok());
  EXPECT_THAT(Take("203.0.113.7"),
              StatusIs(kExhausted, HasSubstr("2 connections from 203.0.113.7; limit is "
                                             "Limits::max_connections_per_address")));
  EXPECT_TRUE(Take("203.0.113.8").ok());
}

TEST_F(ConnectionBudgetTest, TheServerHasOnlySoMany) {
  for (int i = 1; i <= 5; ++i) EXPECT_TRUE(Take("203.0.113." + std::to_string(i)).ok());
  EXPECT_THAT(Take("203.0.113.6"), StatusIs(kExhausted, HasSubstr("Limits::max_connections")));
  EXPECT_THAT(Take("127.0.0.1"), StatusIs(kExhausted, HasSubstr("Limits::max_connections")));
}

TEST_F(ConnectionBudgetTest, WhatIsGivenBackCanBeTakenAgain) {
  for (int round = 0; round < 10; ++round) {
    EXPECT_TRUE(Take("203.0.113.7").ok());
    EXPECT_TRUE(Take("203.0.113.7").ok());
    EXPECT_FALSE(Take("203.0.113.7").ok());
    places_.clear();
  }
}

TEST_F(ConnectionBudgetTest, ANetworkOfVersion6IsOnePeer) {
  EXPECT_TRUE(Take("2001:db8:0:1::1").ok());
  EXPECT_TRUE(Take("2001:db8:0:1:ffff::2").ok());
  EXPECT_THAT(Take("2001:db8:0:1::3"), StatusIs(kExhausted, HasSubstr("2001:db8:0:1::/64")));
  EXPECT_TRUE(Take("2001:db8:0:2::1").ok());
}

TEST_F(ConnectionBudgetTest, AnAddressIsTheSameInBothVersions) {
  EXPECT_TRUE(Take("203.0.113.7").ok());
  EXPECT_TRUE(Take("::ffff:203.0.113.7").ok());
  EXPECT_FALSE(Take("203.0.113.7").ok());
}

TEST_F(ConnectionBudgetTest, ProxiesAndTheMachineItselfHaveNoLimitOfTheirOwn) {
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(Take(i % 2 == 0 ? "10.0.0.1" : "::1").ok());
}

}  // namespace
}  // namespace runnel
