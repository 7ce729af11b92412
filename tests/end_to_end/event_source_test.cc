// EventSource reads a method's stream from a real server, over TLS, from a program that blocks.

#include "runnel/event_source.h"

#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "runnel/server.h"
#include "runtime/testing/test_authority.h"
#include "tests/end_to_end/scripted_service.h"

namespace end_to_end {
namespace {

using Ids = std::vector<std::string>;

class EventSourceTest : public ::testing::Test {
 protected:
  EventSourceTest() : server_(Options()) {
    EXPECT_TRUE(server_.AddService(service_).ok());
    EXPECT_TRUE(server_.Start().ok());
    options_.method = "POST";
    options_.headers = {{"content-type", "application/json"}};
    options_.body = R"({"script": {"count": 3}})";
    options_.tls.ca_file = authority_.ca_file();
    options_.reconnection_time = absl::Milliseconds(1);
  }

  runnel::ServerOptions Options() {
    const auto files = authority_.Issue("server", "IP:127.0.0.1");
    runnel::ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.tls.emplace();
    options.tls->certificate_file = files.certificate;
    options.tls->key_file = files.key;
    return options;
  }

  // The ids of the events up to the first that is called `last`.
  Ids ReadUntil(std::string_view last) {
    runnel::EventSource source(io_.executor(), server_.url() + "/end_to_end.v1.Scripted/Follow",
                               options_);
    Ids ids;
    while (true) {
      const absl::StatusOr<std::optional<runnel::SourceEvent>> event = io_.BlockOn(source.Read());
      if (!event.ok()) {
        ADD_FAILURE() << event.status();
        return ids;
      }
      if (!*event) return ids;
      ids.push_back((*event)->id);
      if ((*event)->type == last) return ids;
    }
  }

  runnel::TestAuthority authority_;
  ScriptedService service_;
  runnel::Server server_;
  runnel::IoThread io_;
  runnel::EventSourceOptions options_;
};

TEST_F(EventSourceTest, ReadsTheStreamOfAMethod) {
  EXPECT_EQ(ReadUntil("end"), (Ids{"1", "2", "3", "end"}));
}

TEST_F(EventSourceTest, GoesOnBehindAnId) {
  options_.last_event_id = "2";
  EXPECT_EQ(ReadUntil("end"), (Ids{"3", "end"}));
}

TEST_F(EventSourceTest, EndsWithTheBody) {
  options_.end_of_body = runnel::EndOfBody::kClose;
  EXPECT_EQ(ReadUntil("(none)"), (Ids{"1", "2", "3", "end"}));
}

TEST_F(EventSourceTest, TrustsNobodyByItself) {
  const runnel::TestAuthority stranger("A Stranger");
  options_.tls.ca_file = stranger.ca_file();
  options_.retry.max_drops = 2;
  runnel::EventSource source(io_.executor(), server_.url(), options_);
  const auto event = io_.BlockOn(source.Read());
  EXPECT_EQ(event.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(event.status().ToString().find("certificate was not accepted"), std::string::npos);
}

}  // namespace
}  // namespace end_to_end
