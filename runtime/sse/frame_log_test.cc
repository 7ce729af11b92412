#include "runtime/sse/frame_log.h"

#include <string>

#include "gtest/gtest.h"

namespace runnel {
namespace {

std::string Take(FrameLog& log) {
  std::string out;
  log.Take(1 << 20, out);
  return out;
}

TEST(FrameLogTest, FramesHaveIdsThatGoOn) {
  FrameLog log("e", 1 << 20);
  EXPECT_EQ(log.Position(), "id: e-0\n\n");
  log.Append("a");
  log.Append("b\n");
  EXPECT_EQ(Take(log), "id: e-1\ndata: \"a\"\n\nid: e-2\ndata: \"b\\n\"\n\n");
  EXPECT_EQ(Take(log), "");
  EXPECT_EQ(log.Position(), "id: e-2\n\n");
}

TEST(FrameLogTest, TakesNoMoreThanEnough) {
  FrameLog log("e", 1 << 20);
  log.Append("a");
  log.Append("b");
  std::string out;
  log.Take(1, out);
  EXPECT_EQ(out, "id: e-1\ndata: \"a\"\n\n");
  EXPECT_EQ(log.untaken(), 1u);
  EXPECT_EQ(log.untaken_bytes(), out.size());
}

TEST(FrameLogTest, GoesOnBehindAnId) {
  FrameLog log("e", 1 << 20);
  for (const char* const text : {"a", "b", "c"}) log.Append(text);
  Take(log);
  EXPECT_TRUE(log.GoOnBehind("e-1"));
  EXPECT_EQ(Take(log), "id: e-2\ndata: \"b\"\n\nid: e-3\ndata: \"c\"\n\n");
  EXPECT_TRUE(log.GoOnAtStart());
  EXPECT_EQ(log.untaken(), 3u);
}

TEST(FrameLogTest, GoesOnBehindWhatWasWrittenForAnIdThatIsNotItsOwn) {
  FrameLog log("e", 1 << 20);
  log.Append("a");
  Take(log);
  for (const char* const id :
       {"7", "f-1", "e", "e-", "e-x", "e-9", "ee-1", "e-1 ", "e-99999999999999999999"}) {
    log.Append("b");
    EXPECT_TRUE(log.GoOnBehind(id)) << id;
    EXPECT_NE(Take(log), "") << id;
    EXPECT_EQ(Take(log), "") << id;
  }
}

TEST(FrameLogTest, TakesAgainWhatWasTakenAndNotWritten) {
  FrameLog log("e", 1 << 20);
  log.Append("a");
  Take(log);
  log.GoOn();
  EXPECT_EQ(Take(log), "id: e-1\ndata: \"a\"\n\n");
  Take(log);  // it has been written
  log.GoOn();
  EXPECT_EQ(Take(log), "");
}

TEST(FrameLogTest, KeepsNoMoreThanItMay) {
  FrameLog log("e", 40);
  for (int i = 0; i < 100; ++i) {
    log.Append("text");
    Take(log);
  }
  EXPECT_LE(log.bytes(), 80u);
  EXPECT_FALSE(log.GoOnBehind("e-10"));
  EXPECT_TRUE(log.GoOnBehind("e-99"));
  EXPECT_EQ(Take(log), "id: e-100\ndata: \"text\"\n\n");
}

TEST(FrameLogTest, KeepsWhatWasNotWritten) {
  FrameLog log("e", 0);
  for (int i = 0; i < 10; ++i) log.Append("text");
  Take(log);
  EXPECT_TRUE(log.GoOnBehind("e-0"));
  EXPECT_EQ(log.untaken(), 10u);
}

}  // namespace
}  // namespace runnel
