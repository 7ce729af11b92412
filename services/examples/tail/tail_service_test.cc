#include "services/examples/tail/tail_service.h"

#include <filesystem>
#include <string>

#include "gtest/gtest.h"
#include "services/examples/shared/example_server.h"
#include "services/examples/shared/scratch_directory.h"

namespace examples::tail {
namespace {

class TailServiceTest : public ::testing::Test {
 protected:
  TailServiceTest() { scratch_.Write("app.log", "one\ntwo\n"); }

  static v1::FollowRequest Path(const std::string& path) {
    v1::FollowRequest request;
    request.set_path(path);
    return request;
  }
  static runnel::CallOptions After(const std::string& id) {
    runnel::CallOptions options;
    options.route = runnel::Route::kDirect;
    options.last_event_id = id;
    return options;
  }
  absl::Status ErrorOf(const v1::FollowRequest& request, const runnel::CallOptions& options = {}) {
    auto lines = tail_.Follow(request, options);
    return server_.End(lines);
  }

  ScratchDirectory scratch_;
  RootDirectory root_ = *RootDirectory::Open(scratch_.path());
  TailService service_{root_};
  ExampleServer server_{&service_};
  v1::Tail::Stub tail_{server_.channel()};
};

TEST_F(TailServiceTest, SendsLinesAsTheyAreAppended) {
  auto lines = tail_.Follow(Path("app.log"));
  EXPECT_EQ(server_.Next(lines).text(), "one");
  EXPECT_EQ(server_.Next(lines).text(), "two");
  scratch_.Append("app.log", "three\n");
  EXPECT_EQ(server_.Next(lines).text(), "three");
}

TEST_F(TailServiceTest, GoesOnWithTheNewFileAfterRotation) {
  auto lines = tail_.Follow(Path("app.log"));
  EXPECT_EQ(server_.Next(lines).text(), "one");
  EXPECT_EQ(server_.Next(lines).text(), "two");
  std::filesystem::rename(scratch_.path() + "/app.log", scratch_.path() + "/app.log.1");
  scratch_.Write("app.log", "a new day\n");
  const v1::Line line = server_.Next(lines);
  EXPECT_EQ(line.text(), "a new day");
  EXPECT_TRUE(line.restarted());
}

TEST_F(TailServiceTest, ResumesAfterTheLastEventOnAnotherServer) {
  std::string last_id;
  {
    auto lines = tail_.Follow(Path("app.log"), After(""));
    last_id = server_.Next(lines).id();
  }
  scratch_.Append("app.log", "three\n");
  TailService other_service(root_);
  ExampleServer other{&other_service};
  v1::Tail::Stub other_tail(other.channel());
  auto lines = other_tail.Follow(Path("app.log"), After(last_id));
  EXPECT_EQ(other.Next(lines).text(), "two");
  EXPECT_EQ(other.Next(lines).text(), "three");
}

TEST_F(TailServiceTest, EndsAfterAsManyLinesAsAskedFor) {
  v1::FollowRequest request = Path("app.log");
  request.set_offset(4);
  request.set_max_lines(1);
  auto lines = tail_.Follow(request);
  EXPECT_EQ(server_.Next(lines).text(), "two");
  EXPECT_EQ(server_.End(lines), absl::OkStatus());
}

TEST_F(TailServiceTest, EndsAtTheEndOfTheFileWhenAskedTo) {
  scratch_.Append("app.log", "without a line end");
  v1::FollowRequest request = Path("app.log");
  request.set_stop_at_end(true);
  auto lines = tail_.Follow(request);
  EXPECT_EQ(server_.Next(lines).text(), "one");
  EXPECT_EQ(server_.Next(lines).text(), "two");
  const v1::Line rest = server_.Next(lines);
  EXPECT_EQ(rest.text(), "without a line end");
  EXPECT_TRUE(rest.unfinished());
  EXPECT_EQ(server_.End(lines), absl::OkStatus());
}

TEST_F(TailServiceTest, RefusesPathsOutsideOfItsRoot) {
  EXPECT_EQ(ErrorOf(Path("../etc/passwd")).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorOf(Path("/etc/passwd")).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(TailServiceTest, SaysThatThereIsNoSuchFile) {
  EXPECT_EQ(ErrorOf(Path("other.log")).code(), absl::StatusCode::kNotFound);
}

TEST_F(TailServiceTest, RefusesEventIdsThatAreNotItsOwn) {
  EXPECT_EQ(ErrorOf(Path("app.log"), After("77")).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace examples::tail
