#include "runtime/wire/event_writer.h"

#include "gtest/gtest.h"

namespace runnel {
namespace {

TEST(EventWriterTest, LeavesEmptyFieldsOut) {
  std::string out;
  AppendEvent({}, R"({"text":"hi"})", out);
  AppendEvent({.id = "3f-7"}, "", out);
  AppendEvent({.type = "end", .id = "end"}, "{}", out);
  EXPECT_EQ(out,
            "data: {\"text\":\"hi\"}\n\n"
            "id: 3f-7\ndata: \n\n"
            "event: end\nid: end\ndata: {}\n\n");
}

TEST(EventWriterTest, WritesBinaryDataAsUnpaddedBase64) {
  std::string out;
  AppendBase64Event({.id = "1"}, "\xff", out);
  EXPECT_EQ(out, "id: 1\ndata: /w\n\n");
}

TEST(EventWriterTest, WritesACommentAsOneLine) {
  std::string out;
  AppendComment("ok", out);
  EXPECT_EQ(out, ": ok\n");
}

TEST(EventWriterTest, KnowsWhichTokensAreSafe) {
  for (std::string_view token : {"end", "3f-7", "A.b_C-9"}) EXPECT_TRUE(IsEventToken(token));
  for (std::string_view token : {"", " ", "a b", "a\n", "a:", "ü", "a\r", "a/b", "a+b"}) {
    EXPECT_FALSE(IsEventToken(token)) << token;
  }
  EXPECT_FALSE(IsEventToken(std::string_view("\0", 1)));
}

}  // namespace
}  // namespace runnel
