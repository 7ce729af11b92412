// RedisNodeRegistry with a real server, that is killed, frozen and forgets.

#include "runtime/redis/redis_node_registry.h"

#include <memory>
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/io_thread.h"
#include "runtime/testing/redis_server.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using Lease = NodePlace::Lease;

constexpr char kUrl[] = "http://10.0.0.5:7000";
constexpr absl::Duration kPatience = absl::Seconds(20);

class RedisNodeRegistryTest : public testing::Test {
 protected:
  RedisNodeRegistryTest() {
    const absl::Status started = redis_.Start();
    EXPECT_TRUE(started.ok()) << started;
  }

  std::unique_ptr<RedisNodeRegistry> NewRegistry() {
    RedisNodeRegistryOptions options;
    const absl::StatusOr<RedisOptions> redis = RedisOptions::FromUrl(redis_.url());
    EXPECT_TRUE(redis.ok()) << redis.status();
    options.redis = *redis;
    options.lease = absl::Milliseconds(500);
    options.join_timeout = absl::Milliseconds(300);
    return std::make_unique<RedisNodeRegistry>(options);
  }
  NodePlace Find(RedisNodeRegistry& registry, const std::string& name) {
    return io_.BlockOn(registry.Find(name));
  }
  // Whether it comes to be so.
  bool Becomes(RedisNodeRegistry& registry, const std::string& name, Lease lease) {
    const absl::Time deadline = absl::Now() + kPatience;
    while (absl::Now() < deadline) {
      if (Find(registry, name).lease == lease) return true;
    }
    return false;
  }

  RedisServer redis_;
  IoThread io_;
};

TEST_F(RedisNodeRegistryTest, FindsANodeAsSoonAsItHasJoined) {
  const auto first = NewRegistry();
  const auto second = NewRegistry();
  ASSERT_TRUE(Becomes(*second, "nobody", Lease::kGone));  // it has read before
  ASSERT_EQ(first->Join("a", kUrl), absl::OkStatus());
  const NodePlace place = Find(*second, "a");
  EXPECT_EQ(place.lease, Lease::kHeld);
  EXPECT_EQ(place.url, kUrl);
  EXPECT_EQ(second->Remembered("a").url, kUrl);
}

TEST_F(RedisNodeRegistryTest, ANodeThatHasLeftIsGone) {
  const auto first = NewRegistry();
  const auto second = NewRegistry();
  ASSERT_EQ(first->Join("a", kUrl), absl::OkStatus());
  ASSERT_EQ(Find(*second, "a").lease, Lease::kHeld);
  first->Leave("a");
  EXPECT_EQ(Find(*first, "a").url, "");
  EXPECT_TRUE(Becomes(*second, "a", Lease::kGone));
}

TEST_F(RedisNodeRegistryTest, ANodeThatHasDiedIsGoneAfterItsLease) {
  auto first = NewRegistry();
  const auto second = NewRegistry();
  ASSERT_EQ(first->Join("a", kUrl), absl::OkStatus());
  ASSERT_EQ(Find(*second, "a").lease, Lease::kHeld);
  first.reset();  // without leaving
  EXPECT_TRUE(Becomes(*second, "a", Lease::kGone));
  EXPECT_EQ(Find(*second, "a").url, kUrl);
}

TEST_F(RedisNodeRegistryTest, NobodyIsGoneBecauseRedisIs) {
  auto first = NewRegistry();
  const auto second = NewRegistry();
  ASSERT_EQ(first->Join("a", kUrl), absl::OkStatus());
  ASSERT_EQ(Find(*second, "a").lease, Lease::kHeld);
  redis_.Kill();
  EXPECT_TRUE(Becomes(*second, "a", Lease::kUnknown));
  EXPECT_EQ(Find(*second, "a").url, kUrl);
  EXPECT_EQ(Find(*second, "stranger").lease, Lease::kUnknown);
  // It comes back without any memory, and hears of the living before anybody says they are gone.
  ASSERT_EQ(redis_.Start(), absl::OkStatus());
  const absl::Time deadline = absl::Now() + kPatience;
  NodePlace place;
  while (place.lease != Lease::kHeld && absl::Now() < deadline) {
    place = Find(*second, "a");
    ASSERT_NE(place.lease, Lease::kGone);
  }
  EXPECT_EQ(place.lease, Lease::kHeld);
  first.reset();
  EXPECT_TRUE(Becomes(*second, "a", Lease::kGone));
}

TEST_F(RedisNodeRegistryTest, ARedisThatIsFrozenSaysNothing) {
  const auto first = NewRegistry();
  const auto second = NewRegistry();
  ASSERT_EQ(first->Join("a", kUrl), absl::OkStatus());
  ASSERT_EQ(Find(*second, "a").lease, Lease::kHeld);
  redis_.Freeze();
  EXPECT_TRUE(Becomes(*second, "a", Lease::kUnknown));
  redis_.Thaw();
  const absl::Time deadline = absl::Now() + kPatience;
  NodePlace place;
  while (place.lease != Lease::kHeld && absl::Now() < deadline) {
    place = Find(*second, "a");
    ASSERT_NE(place.lease, Lease::kGone);
  }
  EXPECT_EQ(place.lease, Lease::kHeld);
}

TEST_F(RedisNodeRegistryTest, NobodyJoinsWithoutRedis) {
  redis_.Kill();
  const auto registry = NewRegistry();
  EXPECT_THAT(registry->Join("a", kUrl),
              StatusIs(absl::StatusCode::kUnavailable, testing::HasSubstr(redis_.folder())));
  ASSERT_EQ(redis_.Start(), absl::OkStatus());
  EXPECT_TRUE(Becomes(*registry, "a", Lease::kGone));
}

}  // namespace
}  // namespace runnel
