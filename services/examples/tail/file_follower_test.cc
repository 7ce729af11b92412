#include "services/examples/tail/file_follower.h"

#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/examples/shared/scratch_directory.h"

namespace examples::tail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FileFollowerTest : public ::testing::Test {
 protected:
  FileFollowerTest() : root_(*RootDirectory::Open(scratch_.path())) {
    scratch_.Write("log", "one\ntwo\r\nthr");
  }

  std::vector<v1::Line> ReadMore() {
    absl::StatusOr<std::vector<v1::Line>> lines = follower_.ReadMore();
    EXPECT_TRUE(lines.ok()) << lines.status();
    return lines.ok() ? *lines : std::vector<v1::Line>();
  }
  std::vector<std::string> ReadTexts() {
    std::vector<std::string> texts;
    for (const v1::Line& line : ReadMore()) {
      texts.push_back((line.restarted() ? "restarted:" : "") + line.text() +
                      (line.unfinished() ? "..." : ""));
    }
    return texts;
  }
  FilePosition PositionAfter(const v1::Line& line) { return *FilePosition::FromId(line.id()); }

  ScratchDirectory scratch_;
  RootDirectory root_;
  FileFollower follower_{root_, "log"};
};

TEST_F(FileFollowerTest, ReadsWholeLinesAndWaitsForTheRest) {
  EXPECT_THAT(ReadTexts(), ElementsAre("one", "two"));
  EXPECT_THAT(ReadTexts(), IsEmpty());
  scratch_.Append("log", "ee\nfour\n");
  EXPECT_THAT(ReadTexts(), ElementsAre("three", "four"));
}

TEST_F(FileFollowerTest, SaysWhereLinesStand) {
  std::vector<v1::Line> lines = ReadMore();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].offset(), 0);
  EXPECT_EQ(lines[1].offset(), 4);
  EXPECT_EQ(PositionAfter(lines[1]).offset, 9);
}

TEST_F(FileFollowerTest, GivesTheRestToThoseWhoDoNotWait) {
  ReadMore();
  std::optional<v1::Line> rest = follower_.TakeRest();
  ASSERT_TRUE(rest.has_value());
  EXPECT_EQ(rest->text(), "thr");
  EXPECT_TRUE(rest->unfinished());
  EXPECT_EQ(follower_.TakeRest(), std::nullopt);
}

TEST_F(FileFollowerTest, StartsAtOffset) {
  ASSERT_TRUE(follower_.StartAt(4).ok());
  EXPECT_THAT(ReadTexts(), ElementsAre("two"));
}

TEST_F(FileFollowerTest, RefusesOffsetsOutsideOfTheFile) {
  EXPECT_EQ(follower_.StartAt(13).code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(follower_.StartAt(-1).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(follower_.StartAt(12).ok());
}

TEST_F(FileFollowerTest, ResumesAfterEveryLine) {
  scratch_.Append("log", "ee\nfour\n");
  const std::vector<v1::Line> all = ReadMore();
  ASSERT_EQ(all.size(), 4u);
  for (size_t i = 0; i + 1 < all.size(); ++i) {
    FileFollower resumed(root_, "log");
    ASSERT_TRUE(resumed.ResumeAt(PositionAfter(all[i])).ok());
    absl::StatusOr<std::vector<v1::Line>> lines = resumed.ReadMore();
    ASSERT_TRUE(lines.ok());
    ASSERT_EQ(lines->size(), all.size() - i - 1);
    EXPECT_EQ(lines->front().text(), all[i + 1].text());
    EXPECT_FALSE(lines->front().restarted());
  }
}

TEST_F(FileFollowerTest, StartsAgainWhenTheFileWasCutShort) {
  EXPECT_THAT(ReadTexts(), ElementsAre("one", "two"));
  scratch_.Write("log", "new\n");
  EXPECT_THAT(ReadTexts(), ElementsAre("restarted:new"));
  scratch_.Append("log", "more\n");
  EXPECT_THAT(ReadTexts(), ElementsAre("more"));
}

TEST_F(FileFollowerTest, GoesOnWithTheFileThatReplacesTheOld) {
  EXPECT_THAT(ReadTexts(), ElementsAre("one", "two"));
  std::filesystem::rename(scratch_.path() + "/log", scratch_.path() + "/log.1");
  scratch_.Append("log.1", "ee\nlast");  // by a writer that has it open
  EXPECT_THAT(ReadTexts(), ElementsAre("three"));
  EXPECT_THAT(ReadTexts(), IsEmpty());
  scratch_.Write("log", "first of the new file, which is longer than the old one\n");
  EXPECT_THAT(ReadTexts(), ElementsAre("last"));
  EXPECT_THAT(ReadTexts(),
              ElementsAre("restarted:first of the new file, which is longer than the old one"));
}

TEST_F(FileFollowerTest, ResumesAtTheStartWhenTheFileWasReplacedMeanwhile) {
  const FilePosition position = PositionAfter(ReadMore().back());
  std::filesystem::rename(scratch_.path() + "/log", scratch_.path() + "/log.1");
  scratch_.Write("log", "longer than what stood there before\n");
  FileFollower resumed(root_, "log");
  ASSERT_TRUE(resumed.ResumeAt(position).ok());
  absl::StatusOr<std::vector<v1::Line>> lines = resumed.ReadMore();
  ASSERT_TRUE(lines.ok());
  ASSERT_EQ(lines->size(), 1u);
  EXPECT_EQ(lines->front().offset(), 0);
  EXPECT_TRUE(lines->front().restarted());
}

TEST_F(FileFollowerTest, ResumesAtTheStartWhenTheFileWasCutShortMeanwhile) {
  const FilePosition position = PositionAfter(ReadMore().back());
  scratch_.Write("log", "new\n");
  FileFollower resumed(root_, "log");
  ASSERT_TRUE(resumed.ResumeAt(position).ok());
  absl::StatusOr<std::vector<v1::Line>> lines = resumed.ReadMore();
  ASSERT_TRUE(lines.ok());
  ASSERT_EQ(lines->size(), 1u);
  EXPECT_TRUE(lines->front().restarted());
}

TEST_F(FileFollowerTest, CutsLinesThatAreTooLongBetweenCharacters) {
  std::string text;
  while (text.size() < 100'000) text += "\xe2\x82\xac";
  scratch_.Write("log", text + "\nnext\n");
  std::string joined;
  for (const v1::Line& line : ReadMore()) joined += line.text() + (line.unfinished() ? "" : "|");
  for (const v1::Line& line : ReadMore()) joined += line.text() + (line.unfinished() ? "" : "|");
  EXPECT_EQ(joined, text + "|next|");
}

TEST_F(FileFollowerTest, ReplacesBytesThatAreNoText) {
  scratch_.Write("log", "a\xffz\n");
  EXPECT_THAT(ReadTexts(), ElementsAre("a\xef\xbf\xbdz"));
}

TEST_F(FileFollowerTest, SaysThatThereIsNoSuchFile) {
  FileFollower other(root_, "other");
  EXPECT_EQ(other.ReadMore().status().code(), absl::StatusCode::kNotFound);
}

TEST(FilePositionTest, ReadsItsOwnIds) {
  absl::StatusOr<FilePosition> position = FilePosition::FromId(FilePosition{"2a.1f", 77}.ToId());
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->file, "2a.1f");
  EXPECT_EQ(position->offset, 77);
}

TEST(FilePositionTest, RefusesOtherIds) {
  for (const char* id : {"", "-5", "5", "a-", "a-x", "a--1", "a-99999999999999999999"}) {
    EXPECT_EQ(FilePosition::FromId(id).status().code(), absl::StatusCode::kInvalidArgument) << id;
  }
}

}  // namespace
}  // namespace examples::tail
