#include "runtime/server/bearer_tokens.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/async/io_thread.h"
#include "runtime/testing/manual_clock.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class BearerTokensTest : public ::testing::Test {
 protected:
  BearerTokensTest() {
    options_.file = ::testing::TempDir() + "/tokens." +
                    ::testing::UnitTest::GetInstance()->current_test_info()->name();
    options_.clock = &clock_;
    options_.on_reload = [this](const absl::Status& status) { reloads_.push_back(status); };
  }
  ~BearerTokensTest() override { std::filesystem::remove(options_.file); }

  void WriteFile(const std::string& text) { std::ofstream(options_.file) << text; }
  void Open() {
    absl::StatusOr<Authenticator> made = AuthenticateByTokens(options_);
    ASSERT_TRUE(made.ok()) << made.status();
    authenticate_ = *made;
  }
  absl::Status OpenError() { return AuthenticateByTokens(options_).status(); }

  absl::StatusOr<std::string> Ask(const HttpHeaders& headers) {
    const Caller caller{headers, "127.0.0.1:1", nullptr};
    return io_.BlockOn(authenticate_(caller));
  }
  absl::StatusOr<std::string> Show(const std::string& authorization) {
    HttpHeaders headers;
    headers.Add("authorization", authorization);
    return Ask(headers);
  }
  std::string NameOf(const std::string& token) {
    absl::StatusOr<std::string> principal = Show("Bearer " + token);
    return principal.ok() ? *principal : "nobody";
  }

  BearerTokensOptions options_;
  ManualClock clock_;
  IoThread io_;
  std::vector<absl::Status> reloads_;
  Authenticator authenticate_;
};

TEST_F(BearerTokensTest, KnowsCallersByPlainAndHashedTokens) {
  WriteFile(
      "# who    token\n"
      "\n"
      "ada      plain:ada-secret\n"
      "  bob\tsha256:A665A45920422F9D417E4867EFDC4FB8A04A1F3FFF1FA07E998E86F7F7A27AE3 # 123\r\n"
      "ada      plain:ada-other#secret");
  Open();
  EXPECT_EQ(NameOf("ada-secret"), "ada");
  EXPECT_EQ(NameOf("123"), "bob");
  EXPECT_EQ(NameOf("ada-other#secret"), "ada");
  EXPECT_EQ(NameOf("ada-secre"), "nobody");
  EXPECT_EQ(NameOf(""), "nobody");
}

TEST_F(BearerTokensTest, TheHashIsNoToken) {
  const std::string hash = "a665a45920422f9d417e4867efdc4fb8a04a1f3fff1fa07e998e86f7f7a27ae3";
  WriteFile("bob sha256:" + hash);
  Open();
  EXPECT_EQ(NameOf(hash), "nobody");
  EXPECT_EQ(NameOf("sha256:" + hash), "nobody");
}

TEST_F(BearerTokensTest, TheSchemeMayBeInAnyCase) {
  WriteFile("ada plain:s3cret");
  Open();
  for (const char* header : {"bearer s3cret", "BEARER s3cret", "Bearer  s3cret"}) {
    EXPECT_THAT(Show(header), IsOkAndHolds("ada")) << header;
  }
}

TEST_F(BearerTokensTest, SaysWhatToDoAndNothingOfTheToken) {
  WriteFile("ada plain:s3cret");
  Open();
  const absl::Status none = Ask({}).status();
  EXPECT_EQ(none.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(std::string(none.message()), HasSubstr("Authorization: Bearer TOKEN"));
  for (const char* header : {"Basic wr0ng", "wr0ng", "Bearer wr0ng", "Bearerwr0ng", ""}) {
    const absl::Status refused = Show(header).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kUnauthenticated) << header;
    EXPECT_THAT(std::string(refused.message()),
                AllOf(Not(HasSubstr("wr0ng")), Not(HasSubstr("s3cret"))));
  }
}

TEST_F(BearerTokensTest, RefusesBadFilesByLineAndNothingOfTheToken) {
  for (const char* line : {"s3cret", "ada s3cret", "s3cret ada", "ada plain:", "ada sha256:s3cret",
                           "ada sha256:", "ada plain:s3cret more"}) {
    WriteFile(std::string("# tokens\n") + line + "\n");
    const absl::Status refused = OpenError();
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << line;
    EXPECT_THAT(std::string(refused.message()),
                AllOf(HasSubstr(options_.file + ":2: "), Not(HasSubstr("s3cret"))));
  }
}

TEST_F(BearerTokensTest, RefusesOneTokenOfTwo) {
  WriteFile(
      "ada plain:123\n"
      "bob sha256:a665a45920422f9d417e4867efdc4fb8a04a1f3fff1fa07e998e86f7f7a27ae3\n");
  EXPECT_THAT(std::string(OpenError().message()), HasSubstr(":2: the token is that of line 1"));
}

TEST_F(BearerTokensTest, RefusesAFileThatIsTooLarge) {
  std::string tokens;
  while (tokens.size() < 1 << 20) tokens += "ada plain:" + std::to_string(tokens.size()) + "\n";
  WriteFile(tokens);
  EXPECT_EQ(OpenError().code(), absl::StatusCode::kInvalidArgument);
  tokens.resize(tokens.rfind('\n', tokens.size() - 2) + 1);
  WriteFile(tokens);
  EXPECT_EQ(OpenError(), absl::OkStatus());
  BearerTokensOptions endless;
  endless.file = "/dev/zero";
  EXPECT_EQ(AuthenticateByTokens(endless).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(BearerTokensTest, AFileThatIsNotThereIsNotFound) {
  const absl::Status refused = OpenError();
  EXPECT_EQ(refused.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(refused.message()),
              AllOf(HasSubstr(options_.file), HasSubstr("No such file")));
  BearerTokensOptions directory;
  directory.file = ::testing::TempDir();
  EXPECT_EQ(AuthenticateByTokens(directory).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(BearerTokensTest, ReadsAChangedFileWithinASecond) {
  WriteFile("ada plain:old\n");
  Open();
  WriteFile("ada plain:new-one\n");
  EXPECT_EQ(NameOf("old"), "ada");
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(NameOf("old"), "nobody");
  EXPECT_EQ(NameOf("new-one"), "ada");
  EXPECT_THAT(reloads_, ElementsAre(absl::OkStatus()));
}

TEST_F(BearerTokensTest, AnEmptyFileRefusesEverybody) {
  WriteFile("ada plain:old\n");
  Open();
  WriteFile("");
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(NameOf("old"), "nobody");
}

TEST_F(BearerTokensTest, ABrokenOrMissingFileLeavesTheTokensAndIsToldOnce) {
  WriteFile("ada plain:old\n");
  Open();
  WriteFile("ada plain:new-one\nbob s3cret\n");
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(absl::Seconds(1));
    EXPECT_EQ(NameOf("old"), "ada");
    EXPECT_EQ(NameOf("new-one"), "nobody");
  }
  std::filesystem::remove(options_.file);
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(absl::Seconds(1));
    EXPECT_EQ(NameOf("old"), "ada");
  }
  ASSERT_EQ(reloads_.size(), 2u);
  EXPECT_EQ(reloads_[0].code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(reloads_[0].message()), Not(HasSubstr("s3cret")));
  EXPECT_EQ(reloads_[1].code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace runnel
