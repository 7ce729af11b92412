#include "runtime/wire/base64.h"

#include <random>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using ::testing::HasSubstr;

std::string Encoded(std::string_view bytes) {
  std::string out;
  AppendBase64(bytes, out);
  return out;
}

TEST(Base64Test, FollowsTheVectorsOfTheRfcWithoutPadding) {
  const std::pair<std::string, std::string> kVectors[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "+//+"}};
  for (const auto& [bytes, text] : kVectors) {
    EXPECT_EQ(Encoded(bytes), text);
    std::string out = "before";
    EXPECT_THAT(DecodeBase64(text, out), IsOk());
    EXPECT_EQ(out, bytes);
    EXPECT_THAT(DecodeBase64(text + std::string((4 - text.size() % 4) % 4, '='), out), IsOk());
    EXPECT_EQ(out, bytes);
  }
}

TEST(Base64Test, AppendsToWhatIsThere) {
  std::string out = "before ";
  AppendBase64("foo", out);
  EXPECT_EQ(out, "before Zm9v");
}

TEST(Base64Test, RefusesWhatIsNotStrict) {
  const struct {
    std::string_view text, error;
  } kCases[] = {
      {"Z", "byte 1: the text ends"},
      {"Zm9vY", "byte 5: the text ends"},
      {"Zm-v", "byte 2: not a character"},
      {"Zm_v", "byte 2: not a character"},
      {"Zm9v\n", "byte 4: not a character"},
      {" Zm9v", "byte 0: not a character"},
      {"Zg=", "byte 2: not a character"},
      {"Zg===", "byte 2: not a character"},
      {"=", "byte 0: not a character"},
      {"====", "byte 0: not a character"},
      {"Z===", "byte 1: not a character"},
      {"Zg==Zg==", "byte 2: not a character"},
      {"Zm9v====", "byte 4: not a character"},
      {"Zh", "byte 1: the last character"},
      {"Zm9", "byte 2: the last character"},
      {"Zh==", "byte 1: the last character"},
      {"Zm9vZm\x80v", "byte 6: not a character"},
  };
  for (const auto& c : kCases) {
    std::string out;
    EXPECT_THAT(DecodeBase64(c.text, out),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.error)))
        << c.text;
  }
}

TEST(Base64Test, AgreesWithAnotherEncoderOnRandomBytes) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (size_t size = 0; size < 300; ++size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const std::string padded = absl::Base64Escape(bytes);
    ASSERT_EQ(Encoded(bytes), padded.substr(0, (size * 4 + 2) / 3));
    std::string out;
    ASSERT_THAT(DecodeBase64(padded, out), IsOk());
    ASSERT_EQ(out, bytes);
  }
}

TEST(Base64Test, DecodesEitherAlphabetButNotBoth) {
  std::string out;
  for (const char* text : {"-_-_", "+/+/"}) {
    ASSERT_THAT(DecodeAnyBase64(text, out), IsOk());
    EXPECT_EQ(out, "\xfb\xff\xbf");
  }
  EXPECT_THAT(DecodeBase64("-_-_", out), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(DecodeAnyBase64("AA+_", out),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("at byte 3")));
  EXPECT_THAT(DecodeAnyBase64("_w==", out), IsOk());
  EXPECT_EQ(out, "\xff");
}

TEST(Base64Test, FindsTheOtherAlphabetFarBehindTheOne) {
  std::string out;
  for (const size_t between : {0, 1, 15, 16, 17, 40, 64}) {
    const std::string middle(between, 'A');
    for (const auto& [first, second] : {std::pair("+", "-"), {"/", "_"}, {"-", "/"}, {"_", "+"}}) {
      std::string text = first + middle + second;
      text.resize((text.size() + 3) / 4 * 4, 'A');
      EXPECT_THAT(DecodeAnyBase64(text, out),
                  StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not a character")))
          << text;
    }
  }
}

TEST(Base64Test, AgreesWithAnotherCoderOnAnyLength) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (size_t size = 0; size < 200; ++size) {
    std::string bytes(size, '\0'), text, decoded;
    for (char& c : bytes) c = static_cast<char>(random());
    absl::Base64Escape(bytes, &text);
    std::string written(PaddedBase64Size(size), '?');
    WritePaddedBase64(bytes, written.data());
    ASSERT_EQ(written, text);
    for (const bool url_safe : {false, true}) {
      if (url_safe) absl::WebSafeBase64Escape(bytes, &text);
      ASSERT_THAT(DecodeAnyBase64(text, decoded), IsOk());
      ASSERT_EQ(decoded, bytes);
    }
    // One character of any kind at any place.
    const std::string good = Encoded(bytes);
    for (int round = 0; round < 50 && size > 0; ++round) {
      std::string bad = good;
      bad[random() % bad.size()] = static_cast<char>(random());
      std::string by_absl;
      const bool ours = DecodeBase64(bad, decoded).ok();
      if (ours) {
        ASSERT_EQ(Encoded(decoded), bad);
      } else {
        ASSERT_FALSE(absl::Base64Unescape(bad, &by_absl) && Encoded(by_absl) == bad) << bad;
      }
    }
  }
}

TEST(Base64Test, WritesPaddingWhereAsked) {
  for (const auto& [bytes, text] : {std::pair<std::string, std::string>{"", ""},
                                    {"a", "YQ=="},
                                    {"ab", "YWI="},
                                    {"abc", "YWJj"}}) {
    std::string out(PaddedBase64Size(bytes.size()), '?');
    EXPECT_EQ(WritePaddedBase64(bytes, out.data()), out.data() + out.size());
    EXPECT_EQ(out, text);
  }
}

}  // namespace
}  // namespace runnel
