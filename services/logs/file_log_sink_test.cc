#include "runnel/file_log_sink.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace runnel {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

class FileLogSinkTest : public ::testing::Test {
 protected:
  FileLogSinkTest() : directory_(testing::TempDir() + "/log.XXXXXX") {
    EXPECT_NE(mkdtemp(directory_.data()), nullptr);
    path_ = directory_ + "/server.log";
  }
  ~FileLogSinkTest() override { std::filesystem::remove_all(directory_); }

  static std::string Contents(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  std::string directory_;
  std::string path_;
};

TEST_F(FileLogSinkTest, AppendsWholeLinesInOrder) {
  for (int run = 0; run < 2; ++run) {
    auto sink = FileLogSink::Open(path_, FileLogSink::Options());
    ASSERT_TRUE(sink.ok()) << sink.status();
    for (int i = 0; i < 1000; ++i) (*sink)->Write("line " + std::to_string(i) + "\n");
    EXPECT_EQ((*sink)->dropped_lines(), 0u);
  }
  std::string expected;
  for (int i = 0; i < 2000; ++i) expected += "line " + std::to_string(i % 1000) + "\n";
  EXPECT_EQ(Contents(path_), expected);
  struct stat file;
  ASSERT_EQ(stat(path_.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
}

TEST_F(FileLogSinkTest, NamesAFileThatCannotBeWritten) {
  const auto sink = FileLogSink::Open(directory_, FileLogSink::Options());
  EXPECT_EQ(sink.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(sink.status().message()), HasSubstr(directory_));
}

TEST_F(FileLogSinkTest, GoesOnInANewFileWhenTheOldOneWasMoved) {
  auto sink = FileLogSink::Open(path_, FileLogSink::Options());
  ASSERT_TRUE(sink.ok()) << sink.status();
  (*sink)->Write("before\n");
  (*sink)->Flush();
  ASSERT_EQ(rename(path_.c_str(), (path_ + ".1").c_str()), 0);
  (*sink)->Write("after\n");
  sink->reset();
  EXPECT_EQ(Contents(path_ + ".1"), "before\n");
  EXPECT_EQ(Contents(path_), "after\n");
}

TEST_F(FileLogSinkTest, AReaderThatDoesNotReadCostsLinesAndNoTime) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  FileLogSink::Options options;
  options.max_waiting_bytes = 64 * 1024;
  auto sink = std::make_unique<FileLogSink>(ends[1], options);
  const std::string line(100, 'x');
  // More than pipe and queue hold together.
  constexpr int kLines = 10'000;
  for (int i = 0; i < kLines; ++i) sink->Write(line.substr(1) + "\n");
  const uint64_t dropped = sink->dropped_lines();
  EXPECT_GT(dropped, 0u);
  EXPECT_LT(dropped, uint64_t{kLines});
  sink.reset();  // in a second, though nobody reads
  close(ends[1]);
  std::string got;
  char piece[4096];
  for (ssize_t n; (n = read(ends[0], piece, sizeof(piece))) > 0;) {
    got.append(piece, static_cast<size_t>(n));
  }
  close(ends[0]);
  EXPECT_GE(got.size(), 4096u);
  EXPECT_EQ(got.substr(0, 100), line.substr(1) + "\n");
}

TEST_F(FileLogSinkTest, SaysHowManyLinesWereDropped) {
  for (const bool json : {false, true}) {
    FileLogSink::Options options;
    options.max_waiting_bytes = 10;
    options.json = json;
    {
      auto sink = FileLogSink::Open(path_, options);
      ASSERT_TRUE(sink.ok()) << sink.status();
      (*sink)->Write("much too long for the queue\n");
      (*sink)->Write("short\n");
      EXPECT_EQ((*sink)->dropped_lines(), 1u);
    }
    EXPECT_THAT(
        Contents(path_),
        EndsWith(json ? "short\n{\"level\":\"warn\",\"event\":\"log_dropped\",\"lines\":1}\n"
                      : "short\nlevel=warn event=log_dropped lines=1\n"));
  }
}

TEST_F(FileLogSinkTest, AFullDiskCostsLinesAndNothingElse) {
  const int full = open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  {
    FileLogSink sink(full, FileLogSink::Options());
    sink.Write("lost\n");
    sink.Flush();
    EXPECT_EQ(sink.dropped_lines(), 1u);
    sink.Write("lost too\n");
  }
  close(full);
}

TEST_F(FileLogSinkTest, AReaderThatIsGoneCostsLinesAndNothingElse) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  {
    FileLogSink sink(ends[1], FileLogSink::Options());
    sink.Write("lost\n");
    sink.Flush();
    EXPECT_EQ(sink.dropped_lines(), 1u);
  }
  close(ends[1]);
}

}  // namespace
}  // namespace runnel
