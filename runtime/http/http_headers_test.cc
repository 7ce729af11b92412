#include "runtime/http/http_headers.h"

#include "gtest/gtest.h"

namespace runnel {
namespace {

TEST(HttpHeadersTest, NamesCompareWithoutCase) {
  HttpHeaders headers = {{"Content-Type", "a"}};
  EXPECT_EQ(headers.Get("content-TYPE"), "a");
  EXPECT_FALSE(headers.Contains("content-typ"));
}

TEST(HttpHeadersTest, KeepsRepeatsInOrder) {
  HttpHeaders headers;
  headers.Add("A", "1");
  headers.Add("b", "2");
  headers.Add("a", "3");
  EXPECT_EQ(headers.size(), 3u);
  EXPECT_EQ(headers.Get("a"), "1");
  EXPECT_EQ((headers.end() - 1)->second, "3");
}

TEST(HttpHeadersTest, SetReplacesEveryFieldOfTheName) {
  HttpHeaders headers = {{"a", "1"}, {"b", "2"}, {"A", "3"}};
  headers.Set("a", *headers.Get("b"));
  EXPECT_EQ(headers.size(), 2u);
  EXPECT_EQ(headers.Get("A"), "2");
}

TEST(HttpHeadersTest, RemoveTakesEveryFieldOfTheName) {
  HttpHeaders headers = {{"a", "1"}, {"b", "2"}, {"A", "3"}};
  headers.Remove(headers.begin()->first);
  EXPECT_EQ(headers.size(), 1u);
  EXPECT_FALSE(headers.Contains("a"));
}

}  // namespace
}  // namespace runnel
