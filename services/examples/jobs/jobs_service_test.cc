#include "services/examples/jobs/jobs_service.h"

#include <filesystem>
#include <future>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "services/examples/jobs/tree_hasher.h"
#include "services/examples/shared/example_server.h"
#include "services/examples/shared/proto_time.h"
#include "services/examples/shared/scratch_directory.h"

namespace examples::jobs {
namespace {

// Tells with what a call's work ended.
class ObservedJobs : public JobsService {
 public:
  using JobsService::JobsService;

  runnel::Awaitable<absl::Status> HashTree(runnel::ServerContext& context,
                                           const v1::HashTreeRequest& request,
                                           runnel::Writer<v1::HashTreeUpdate>& out) override {
    absl::Status status = co_await JobsService::HashTree(context, request, out);
    ended.set_value(status);
    co_return status;
  }

  std::promise<absl::Status> ended;
};

class JobsServiceTest : public ::testing::Test {
 protected:
  JobsServiceTest() {
    for (int i = 0; i < 300; ++i) {
      scratch_.Write("tree/" + std::to_string(i % 7) + "/" + std::to_string(i),
                     std::string(i, 'x'));
    }
    // A terabyte of nothing: nobody hashes it to its end.
    scratch_.Write("endless/zeros", "");
    std::filesystem::resize_file(scratch_.path() + "/endless/zeros", uintmax_t{1} << 40);
  }

  static v1::HashTreeRequest Tree(const std::string& path) {
    v1::HashTreeRequest request;
    request.set_path(path);
    *request.mutable_progress_interval() = ToProto(absl::ZeroDuration());
    return request;
  }

  ScratchDirectory scratch_;
  RootDirectory root_ = *RootDirectory::Open(scratch_.path());
  ObservedJobs service_{root_};
  ExampleServer server_{&service_};
  v1::Jobs::Stub jobs_{server_.channel()};
};

TEST_F(JobsServiceTest, SendsProgressAndThenTheHash) {
  TreeHasher hasher = *TreeHasher::Open(root_, "tree");
  while (*hasher.Step(1 << 20)) {
  }
  auto updates = jobs_.HashTree(Tree("tree"));
  int64_t files_before = 0;
  int progress = 0;
  v1::HashTreeUpdate update;
  for (update = server_.Next(updates); update.has_progress(); update = server_.Next(updates)) {
    ++progress;
    EXPECT_GE(update.progress().files_done(), files_before);
    files_before = update.progress().files_done();
  }
  EXPECT_GT(progress, 1);
  EXPECT_EQ(update.result().sha256(), hasher.result().sha256());
  EXPECT_EQ(update.result().files(), 300);
  EXPECT_EQ(server_.End(updates), absl::OkStatus());
}

TEST_F(JobsServiceTest, StopsWorkWhenTheClientCancels) {
  auto updates = jobs_.HashTree(Tree("endless"));
  while (server_.Next(updates).progress().bytes_done() == 0) {
  }
  updates.Cancel();
  EXPECT_EQ(server_.End(updates).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(service_.ended.get_future().get().code(), absl::StatusCode::kCancelled);
}

TEST_F(JobsServiceTest, StopsWorkAtTheDeadline) {
  v1::HashTreeRequest request = Tree("endless");
  *request.mutable_progress_interval() = ToProto(absl::Hours(1));
  runnel::CallOptions options;
  options.timeout = absl::Milliseconds(100);
  auto updates = jobs_.HashTree(request, options);
  EXPECT_EQ(server_.End(updates).code(), absl::StatusCode::kDeadlineExceeded);
  absl::Status ended = service_.ended.get_future().get();
  // The client, whose time is up as well, may say so first.
  EXPECT_TRUE(absl::IsDeadlineExceeded(ended) || absl::IsCancelled(ended)) << ended;
}

TEST_F(JobsServiceTest, RefusesTreesOutsideOfItsRoot) {
  auto updates = jobs_.HashTree(Tree("../.."));
  EXPECT_EQ(server_.End(updates).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(JobsServiceTest, RefusesIntervalsItCannotKeep) {
  v1::HashTreeRequest request = Tree("tree");
  *request.mutable_progress_interval() = ToProto(-absl::Seconds(1));
  auto updates = jobs_.HashTree(request);
  EXPECT_EQ(server_.End(updates).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace examples::jobs
