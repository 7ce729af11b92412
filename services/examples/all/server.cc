// All examples in one server:
//
//   bazel run //services/examples/all:server -- --root=$HOME
//
// Its overview watches the server itself, unless --upstreams names others.

#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "runnel/client.h"
#include "services/examples/chat/chat_service.h"
#include "services/examples/ingest/ingest_service.h"
#include "services/examples/jobs/jobs_service.h"
#include "services/examples/monitor/monitor_service.h"
#include "services/examples/overview/overview_service.h"
#include "services/examples/shared/root_directory.h"
#include "services/examples/shared/server_program.h"
#include "services/examples/tail/tail_service.h"

ABSL_FLAG(std::string, root, ".", "directory whose files tail and jobs may read");
ABSL_FLAG(std::vector<std::string>, upstreams, {},
          "URLs of the servers that the overview may watch; empty: this one");

int main(int argc, char** argv) {
  examples::ServerProgram program(
      argc, argv, "the server of all examples",
      "Serves monitor, tail, ingest, chat, jobs and overview on one port.");
  absl::StatusOr<examples::RootDirectory> root =
      examples::RootDirectory::Open(absl::GetFlag(FLAGS_root));
  if (!root.ok()) return examples::Fail(root.status());
  runnel::IoThread io;  // for the overview's connections
  examples::monitor::MonitorService monitor;
  examples::tail::TailService tail(*root);
  examples::ingest::IngestService ingest;
  examples::chat::ChatService chat;
  examples::jobs::JobsService jobs(*root);
  examples::overview::OverviewService overview(io.executor());

  return program.Serve({&monitor, &tail, &ingest, &chat, &jobs, &overview},
                       [&overview](const runnel::Server& server) {
                         std::vector<std::string> upstreams = absl::GetFlag(FLAGS_upstreams);
                         if (upstreams.empty()) upstreams = {server.url()};
                         overview.SetServers(upstreams);
                       });
}
