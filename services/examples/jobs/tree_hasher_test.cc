#include "services/examples/jobs/tree_hasher.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/examples/shared/scratch_directory.h"

namespace examples::jobs {
namespace {

// What the command named in jobs.proto prints.
std::string HashOfTheShell(const std::string& directory) {
  const std::string command = "cd '" + directory +
                              "' && find . -type f -print0 | LC_ALL=C sort -z | "
                              "xargs -0 -r sha256sum | sha256sum";
  FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 65> hex = {};
  EXPECT_EQ(fread(hex.data(), 1, 64, pipe), 64u);
  pclose(pipe);
  return hex.data();
}

class TreeHasherTest : public ::testing::Test {
 protected:
  TreeHasherTest() : root_(*RootDirectory::Open(scratch_.path())) {
    scratch_.Write("tree/b.txt", "two");
    scratch_.Write("tree/a/deep/c.bin", std::string(100'000, 'x'));
    scratch_.Write("tree/a.txt", "");
    scratch_.Write("tree/odd\\name\nwith line end", "odd");
    scratch_.Write("outside.txt", "outside");
    std::filesystem::create_symlink("../outside.txt", scratch_.path() + "/tree/link");
    std::filesystem::create_directory_symlink("..", scratch_.path() + "/tree/up");
  }

  TreeHasher OpenTree(std::string path = "tree") { return *TreeHasher::Open(root_, path); }
  static v1::Result HashAll(TreeHasher& hasher, size_t piece = 4096) {
    while (true) {
      absl::StatusOr<bool> more = hasher.Step(piece);
      EXPECT_TRUE(more.ok()) << more.status();
      if (!more.ok() || !*more) return hasher.result();
    }
  }

  ScratchDirectory scratch_;
  RootDirectory root_;
};

TEST_F(TreeHasherTest, AgreesWithTheShell) {
  TreeHasher hasher = OpenTree();
  const v1::Result result = HashAll(hasher);
  EXPECT_EQ(result.sha256(), HashOfTheShell(scratch_.path() + "/tree"));
  EXPECT_EQ(result.files(), 4);
  EXPECT_EQ(result.bytes(), 100'006);
  EXPECT_EQ(result.skipped(), 0);
}

TEST_F(TreeHasherTest, HashesTheSameInPiecesOfAnySize) {
  TreeHasher small = OpenTree(), large = OpenTree();
  EXPECT_EQ(HashAll(small, 7).sha256(), HashAll(large, 1 << 20).sha256());
}

TEST_F(TreeHasherTest, HashesTheRootItself) {
  TreeHasher hasher = OpenTree("");
  EXPECT_EQ(HashAll(hasher).sha256(), HashOfTheShell(scratch_.path()));
}

TEST_F(TreeHasherTest, HashesAnEmptyTree) {
  std::filesystem::create_directory(scratch_.path() + "/empty");
  TreeHasher hasher = OpenTree("empty");
  EXPECT_EQ(HashAll(hasher).sha256(), HashOfTheShell(scratch_.path() + "/empty"));
}

TEST_F(TreeHasherTest, CountsBeforeItReads) {
  TreeHasher hasher = OpenTree();
  int64_t bytes_before = 0;
  while (true) {
    absl::StatusOr<bool> more = hasher.Step(4096);
    ASSERT_TRUE(more.ok());
    const v1::Progress progress = hasher.progress();
    EXPECT_GE(progress.bytes_done(), bytes_before);
    bytes_before = progress.bytes_done();
    if (progress.bytes_done() > 0) {
      EXPECT_TRUE(progress.counted());
      EXPECT_EQ(progress.files_total(), 4);
      EXPECT_EQ(progress.bytes_total(), 100'006);
    }
    if (!*more) break;
  }
  EXPECT_EQ(hasher.progress().files_done(), 4);
}

TEST_F(TreeHasherTest, SkipsFilesThatGoAway) {
  TreeHasher hasher = OpenTree();
  while (!hasher.progress().counted()) ASSERT_TRUE(hasher.Step(16).ok());
  std::filesystem::remove(scratch_.path() + "/tree/b.txt");
  const v1::Result result = HashAll(hasher);
  EXPECT_THAT(result.skipped_paths(), ::testing::ElementsAre("b.txt"));
  EXPECT_EQ(result.files(), 3);
  EXPECT_EQ(result.sha256(), HashOfTheShell(scratch_.path() + "/tree"));
}

TEST_F(TreeHasherTest, RefusesWhatIsNoDirectoryBelowTheRoot) {
  EXPECT_EQ(TreeHasher::Open(root_, "outside.txt").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(TreeHasher::Open(root_, "tree/up").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(TreeHasher::Open(root_, "../..").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(TreeHasher::Open(root_, "nowhere").status().code(), absl::StatusCode::kNotFound);
}

TEST(Sha256Test, HashesOneTextAfterAnother) {
  Sha256 hash;
  hash.Update("abc", 3);
  EXPECT_EQ(hash.Finish(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash.Finish(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace examples::jobs
