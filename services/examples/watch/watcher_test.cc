// The watcher reads a service that it has not been compiled for, on a real connection.

#include "services/examples/watch/watcher.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/examples/shared/example_server.h"
#include "services/examples/shared/scratch_directory.h"
#include "services/examples/tail/tail_service.h"

namespace examples::watch {
namespace {

using ::testing::HasSubstr;
using Lines = std::vector<std::string>;

class WatcherTest : public ::testing::Test {
 protected:
  WatcherTest() {
    scratch_.Write("app.log", "one\ntwo\nthree\n");
    options_.url = server_.url() + "/examples.tail.v1.Tail/Follow";
    options_.descriptor_set = "services/examples/tail/tail_proto-descriptor-set.proto.bin";
    options_.types.other = "examples.tail.v1.Line";
    options_.source.method = "POST";
    options_.source.headers = {{"content-type", "application/json"}};
    options_.source.body = R"({"path": "app.log", "stopAtEnd": true})";
    options_.stream.end_events = {"end"};
    options_.stream.bad_events = runnel::BadEvents::kReport;
  }

  absl::Status Watch() {
    return watch::Watch(options_, [this](const std::string& line) { lines_.push_back(line); });
  }

  ScratchDirectory scratch_;
  RootDirectory root_ = *RootDirectory::Open(scratch_.path());
  tail::TailService service_{root_};
  ExampleServer server_{&service_};
  WatchOptions options_;
  Lines lines_;
};

TEST_F(WatcherTest, PrintsMessagesOfATypeFromADescriptorSet) {
  EXPECT_EQ(Watch(), absl::OkStatus());
  ASSERT_EQ(lines_.size(), 3u);
  EXPECT_THAT(lines_[0], HasSubstr("\tmessage\t{\"text\":\"one\""));
  EXPECT_THAT(lines_[2], HasSubstr("\tmessage\t{\"text\":\"three\",\"offset\":\"8\""));
}

TEST_F(WatcherTest, GoesOnBehindAnId) {
  options_.count = 1;
  EXPECT_EQ(Watch(), absl::OkStatus());
  options_.count = 0;
  options_.source.last_event_id = lines_.at(0).substr(0, lines_.at(0).find('\t'));
  lines_.clear();
  EXPECT_EQ(Watch(), absl::OkStatus());
  ASSERT_EQ(lines_.size(), 2u);
  EXPECT_THAT(lines_[0], HasSubstr("two"));
}

TEST_F(WatcherTest, PrintsWhatIsWrongWithAnEventAndGoesOn) {
  options_.types.other = "examples.tail.v1.FollowRequest";  // whose `offset` fits, not more
  options_.stream.limits.unknown_json = runnel::UnknownJson::kRefuse;
  EXPECT_EQ(Watch(), absl::OkStatus());
  ASSERT_EQ(lines_.size(), 3u);
  EXPECT_THAT(lines_[1], HasSubstr("\tmessage\terror: INVALID_ARGUMENT: "));
}

TEST_F(WatcherTest, SaysWhichTypesThereAre) {
  options_.types.other = "Lines";
  EXPECT_EQ(Watch().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Watch().ToString(), HasSubstr("examples.tail.v1.Line"));
}

}  // namespace
}  // namespace examples::watch
