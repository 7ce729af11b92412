#include "services/examples/shared/root_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/examples/shared/scratch_directory.h"

namespace examples {
namespace {

class RootDirectoryTest : public ::testing::Test {
 protected:
  RootDirectoryTest() : root_(*RootDirectory::Open(scratch_.path() + "/root")) {}

  // The layout is made before the root is opened.
  struct Layout : ScratchDirectory {
    Layout() {
      Write("secret.txt", "outside");
      Write("root/logs/app.log", "inside");
    }
  } scratch_;
  RootDirectory root_;
};

TEST_F(RootDirectoryTest, OpensFileBelowIt) {
  absl::StatusOr<FileDescriptor> file = root_.OpenFile("logs/app.log");
  ASSERT_TRUE(file.ok()) << file.status();
  char text[16] = {};
  EXPECT_EQ(read(file->get(), text, sizeof(text)), 6);
  EXPECT_STREQ(text, "inside");
}

TEST_F(RootDirectoryTest, OpensItselfForTheEmptyPath) {
  EXPECT_TRUE(root_.OpenDirectory("").ok());
  EXPECT_TRUE(root_.OpenDirectory("./logs/").ok());
}

TEST_F(RootDirectoryTest, RefusesPathsThatLeaveIt) {
  for (std::string path : {"../secret.txt", "logs/../../secret.txt", "/etc/passwd", "logs/.."}) {
    EXPECT_EQ(root_.OpenFile(path).status().code(), absl::StatusCode::kInvalidArgument) << path;
  }
  EXPECT_EQ(root_.OpenFile(std::string("logs\0/app.log", 13)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(RootDirectoryTest, FollowsNoSymbolicLinks) {
  std::filesystem::create_symlink("../secret.txt", scratch_.path() + "/root/link.txt");
  std::filesystem::create_directory_symlink("..", scratch_.path() + "/root/up");
  for (std::string path : {"link.txt", "up/secret.txt"}) {
    EXPECT_EQ(root_.OpenFile(path).status().code(), absl::StatusCode::kInvalidArgument) << path;
  }
}

TEST_F(RootDirectoryTest, SaysWhatIsNotThere) {
  absl::Status status = root_.OpenFile("logs/other.log").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("\"logs/other.log\""));
  EXPECT_EQ(root_.OpenFile("logs/app.log/x").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(RootDirectoryTest, TellsFilesFromDirectories) {
  EXPECT_EQ(root_.OpenFile("logs").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(root_.OpenDirectory("logs/app.log").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(RootDirectoryTest, DoesNotWaitAtFifos) {
  ASSERT_EQ(mkfifo((scratch_.path() + "/root/fifo").c_str(), 0600), 0);
  EXPECT_EQ(root_.OpenFile("fifo").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(RootDirectoryOpenTest, NamesTheDirectoryThatIsMissing) {
  absl::Status status = RootDirectory::Open("/nowhere/at/all").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("/nowhere/at/all"));
}

}  // namespace
}  // namespace examples
