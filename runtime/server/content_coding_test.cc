#include "runtime/server/content_coding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using ::testing::HasSubstr;

TEST(ContentCodingTest, RefusalsListWhatThereIs) {
  EXPECT_THAT(UnknownCoding("Content-Encoding", "br"),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("gzip and identity")));
}

TEST(ContentCodingTest, CompressesForThoseWhoAcceptGzip) {
  for (const char* accepted : {"gzip", "GZIP", "br, gzip", "deflate,gzip;q=0.5", "gzip ; q=1"}) {
    EXPECT_EQ(ChooseCoding(accepted), Compression::kGzip) << accepted;
  }
  for (const char* accepted :
       {"", "identity", "br", "*", "gzip;q=0", "br, gzip; q=0.000", "gzip;q=much", "xgzip"}) {
    EXPECT_EQ(ChooseCoding(accepted), Compression::kIdentity) << accepted;
  }
}

}  // namespace
}  // namespace runnel
