#include "runtime/core/compression.h"

#include <gtest/gtest.h>

namespace runnel {
namespace {

TEST(CompressionTest, HasTheNamesOfHttp) {
  for (Compression compression : {Compression::kIdentity, Compression::kGzip}) {
    EXPECT_EQ(CompressionFromName(CompressionName(compression)), compression);
  }
}

TEST(CompressionTest, KnowsNamesWhateverTheirCase) {
  EXPECT_EQ(CompressionFromName(""), Compression::kIdentity);
  EXPECT_EQ(CompressionFromName("Identity"), Compression::kIdentity);
  EXPECT_EQ(CompressionFromName("GZip"), Compression::kGzip);
  EXPECT_EQ(CompressionFromName("br"), std::nullopt);
  EXPECT_EQ(CompressionFromName("gzip, gzip"), std::nullopt);
}

}  // namespace
}  // namespace runnel
