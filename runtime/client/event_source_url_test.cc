#include "runtime/client/event_source_url.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using ::testing::HasSubstr;

std::string Parsed(std::string_view text) {
  const absl::StatusOr<EventSourceUrl> url = ParseEventSourceUrl(text);
  return url.ok() ? url->Text() : std::string(url.status().message());
}

TEST(EventSourceUrlTest, ReadsAbsoluteUrls) {
  EXPECT_EQ(Parsed("http://h"), "http://h/");
  EXPECT_EQ(Parsed("HTTP://Host:80/a/B?c=/d#e"), "http://host/a/B?c=/d");
  EXPECT_EQ(Parsed("https://h:8443?q"), "https://h:8443/?q");
  EXPECT_EQ(Parsed("https://[::1]:443/x/"), "https://[::1]/x/");
  EXPECT_EQ(Parsed(" http://h/a b/\xc3\xa4 "), "http://h/a%20b/%C3%A4");
  EXPECT_EQ(Parsed("http://h/a/./b/../c/.."), "http://h/a/");
}

TEST(EventSourceUrlTest, SaysWhatIsWrong) {
  for (const std::string_view text : {"", "h", "/x", "ftp://h/", "http:/h", "http://", "http:///x",
                                      "http://h:0/", "http://u@h/", "http://h:x/"}) {
    EXPECT_THAT(ParseEventSourceUrl(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("bad address")))
        << text;
  }
}

TEST(EventSourceUrlTest, ShowsNoQueryInMessages) {
  EXPECT_EQ(ParseEventSourceUrl("http://h/a?key=1")->TextWithoutQuery(), "http://h/a");
}

// RFC 3986, section 5.4, as far as it is about http.
TEST(EventSourceUrlTest, ResolvesRelativeReferences) {
  const EventSourceUrl base = *ParseEventSourceUrl("http://a/b/c/d;p?q");
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g/"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"#s", "http://a/b/c/d;p?q"},
      {"g#s", "http://a/b/c/g"},
      {";x", "http://a/b/c/;x"},
      {"g;x?y#s", "http://a/b/c/g;x?y"},
      {"", "http://a/b/c/d;p?q"},
      {".", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../..", "http://a/"},
      {"../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"g.", "http://a/b/c/g."},
      {"..g", "http://a/b/c/..g"},
      {"./../g", "http://a/b/g"},
      {"g/./h", "http://a/b/c/g/h"},
      {"g;x=1/../y", "http://a/b/c/y"},
      {"g?y/../x", "http://a/b/c/g?y/../x"},
      {"https://other:1/x?y", "https://other:1/x?y"},
  };
  for (const auto& [reference, expected] : kCases) {
    const absl::StatusOr<EventSourceUrl> url = ResolveUrl(base, reference);
    ASSERT_THAT(url, IsOk()) << reference;
    EXPECT_EQ(url->Text(), expected) << reference;
  }
  EXPECT_THAT(ResolveUrl(base, "ftp://g/"), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace runnel
