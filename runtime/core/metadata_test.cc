#include "runtime/core/metadata.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(MetadataTest, KeepsOrderAndRepeatedKeysInLowerCase) {
  Metadata metadata{{"X-Tenant", "a"}, {"trace", "t"}};
  metadata.Add("x-TENANT", "b");
  EXPECT_THAT(metadata,
              ElementsAre(Pair("x-tenant", "a"), Pair("trace", "t"), Pair("x-tenant", "b")));
  EXPECT_EQ(metadata.Get("X-TENANT"), "a");
  EXPECT_THAT(metadata.GetAll("x-tenant"), ElementsAre("a", "b"));
  EXPECT_FALSE(metadata.Contains("x-other"));
}

TEST(MetadataTest, SetReplacesAllEntriesOfTheKey) {
  Metadata metadata{{"a", "1"}, {"b", "2"}, {"A", "3"}};
  metadata.Set("a", "4");
  EXPECT_THAT(metadata, ElementsAre(Pair("b", "2"), Pair("a", "4")));
}

TEST(MetadataTest, SetTakesAValueThatViewsItsOwnEntry) {
  Metadata metadata{{"a", "a value too long for a small string to hold in place"}};
  metadata.Set("a", *metadata.Get("a"));
  EXPECT_EQ(metadata.Get("a"), "a value too long for a small string to hold in place");
}

TEST(MetadataTest, AddTakesAValueThatViewsItsOwnEntry) {
  Metadata metadata{{"a", "a value too long for a small string to hold in place"}};
  for (int i = 0; i < 8; ++i) metadata.Add("b", *metadata.Get("a"));
  for (std::string_view value : metadata.GetAll("b")) EXPECT_EQ(value, *metadata.Get("a"));
}

TEST(MetadataTest, RefusesWhatCannotTravel) {
  const struct {
    std::string key, value, why;
  } kCases[] = {
      {"", "v", "empty"},
      {"a b", "v", "[0-9a-z_.-]"},
      {"k\r\nx", "v", "k\\r\\nx"},
      {"ü", "v", "[0-9a-z_.-]"},
      {"k", "a\r\nb: c", "printable ASCII"},
      {"k", std::string("\0", 1), "printable ASCII"},
      {"k", "\x7f", "printable ASCII"},
      {"k", "\xc3\xbc", "-bin"},
      {"Content-Type", "text/plain", "content-type"},
      {"connect-timeout-ms", "1", "protocol"},
      {"runnel-session", "x", "protocol"},
      {"trailer-x", "x", "protocol"},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(Metadata({{c.key, c.value}}).Validate(),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.why)));
  }
}

TEST(MetadataTest, AcceptsWhatMayTravel) {
  EXPECT_THAT(Metadata({{"authorization", "Bearer ~!{}"},
                        {"x_1.y-z", ""},
                        {"hash-bin", std::string("\0\xff\r\n", 4)}})
                  .Validate(),
              IsOk());
  EXPECT_TRUE(IsBinaryKey("Hash-Bin"));
  EXPECT_FALSE(IsBinaryKey("bin"));
}

}  // namespace
}  // namespace runnel
