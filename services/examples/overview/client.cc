// Prints the figures of several servers as they come, and the progress of a job on each:
//
//   bazel run //services/examples/overview:client -- --count=5 --hash --path=doc

#include "runnel/client.h"

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "services/examples/jobs/update_text.h"
#include "services/examples/monitor/sample_text.h"
#include "services/examples/overview/overview.runnel.h"
#include "services/examples/shared/client_exit.h"
#include "services/examples/shared/flags.h"
#include "services/examples/shared/proto_time.h"

ABSL_FLAG(std::string, server, "http://127.0.0.1:8080", "URL of the overview's server");
ABSL_FLAG(std::vector<std::string>, watch, {}, "URLs of the servers to watch; empty: all");
ABSL_FLAG(absl::Duration, interval, absl::Seconds(1), "time between samples");
ABSL_FLAG(uint32_t, count, 0, "end after so many samples from each server; 0: go on");
ABSL_FLAG(bool, hash, false, "also have each server hash a directory tree");
ABSL_FLAG(std::string, path, "", "directory to hash, relative to the servers' root directories");
ABSL_FLAG(absl::Duration, for, absl::InfiniteDuration(), "end after this time, such as 10s");
ABSL_FLAG(std::string, request_id, "", "passed on to every server as x-request-id");

namespace {

namespace v1 = examples::overview::v1;

std::string OneLine(const v1::OverviewEvent& event) {
  const char* const source = event.source() == v1::SOURCE_JOBS ? "jobs" : "monitor";
  const std::string whose = absl::StrCat("[", event.server(), " ", source, "] ");
  switch (event.kind_case()) {
    case v1::OverviewEvent::kSample:
      return whose + examples::monitor::OneLine(event.sample());
    case v1::OverviewEvent::kJob:
      return whose + examples::jobs::OneLine(event.job());
    case v1::OverviewEvent::kFailure:
      return absl::StrCat(whose, "failed: ", event.failure().code_name(), ": ",
                          event.failure().message());
    case v1::OverviewEvent::kFinished:
      return whose + "finished";
    case v1::OverviewEvent::KIND_NOT_SET:
      break;
  }
  return whose + "something this client does not know";
}

absl::Status Watch(const std::string& server) {
  runnel::IoThread io;
  v1::Overview::Stub overview(runnel::Channel::Connect(io.executor(), server));
  v1::WatchRequest request;
  for (const std::string& url : absl::GetFlag(FLAGS_watch)) request.add_servers(url);
  *request.mutable_interval() = examples::ToProto(absl::GetFlag(FLAGS_interval));
  request.set_samples(absl::GetFlag(FLAGS_count));
  if (absl::GetFlag(FLAGS_hash)) request.mutable_hash_tree()->set_path(absl::GetFlag(FLAGS_path));
  runnel::CallOptions options;
  options.timeout = absl::GetFlag(FLAGS_for);
  if (const std::string id = absl::GetFlag(FLAGS_request_id); !id.empty()) {
    options.metadata.Set("x-request-id", id);
  }

  auto events = overview.Watch(request, options);
  while (true) {
    RUNNEL_ASSIGN_OR_RETURN(std::optional<v1::OverviewEvent> event, io.BlockOn(events.Read()));
    if (!event) return absl::OkStatus();
    std::printf("%s\n", OneLine(*event).c_str());
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  examples::ParseFlags(argc, argv, "Prints what an overview server sees on several others.");
  const std::string server = absl::GetFlag(FLAGS_server);
  return examples::ExitCode(Watch(server), absl::GetFlag(FLAGS_for), server,
                            "//services/examples/overview:server");
}
