#include "runtime/server/content_coding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using ::testing::HasSubstr;

TEST(ContentCodingTest, KnowsNamesWhateverTheirCase) {
  EXPECT_EQ(ContentCodingFromName(""), ContentCoding::kIdentity);
  EXPECT_EQ(ContentCodingFromName("Identity"), ContentCoding::kIdentity);
  EXPECT_EQ(ContentCodingFromName("GZip"), ContentCoding::kGzip);
  EXPECT_EQ(ContentCodingFromName("br"), std::nullopt);
  EXPECT_EQ(ContentCodingFromName("gzip, gzip"), std::nullopt);
}

TEST(ContentCodingTest, RefusalsListWhatThereIs) {
  EXPECT_THAT(UnknownCoding("Content-Encoding", "br"),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("gzip and identity")));
}

TEST(ContentCodingTest, CompressesForThoseWhoAcceptGzip) {
  for (const char* accepted : {"gzip", "GZIP", "br, gzip", "deflate,gzip;q=0.5", "gzip ; q=1"}) {
    EXPECT_EQ(ChooseCoding(accepted), ContentCoding::kGzip) << accepted;
  }
  for (const char* accepted :
       {"", "identity", "br", "*", "gzip;q=0", "br, gzip; q=0.000", "gzip;q=much", "xgzip"}) {
    EXPECT_EQ(ChooseCoding(accepted), ContentCoding::kIdentity) << accepted;
  }
}

}  // namespace
}  // namespace runnel
