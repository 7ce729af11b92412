// All examples in one server:
//
//   bazel run //services/examples/all:server -- --root=$HOME
//
// Its overview watches the server itself, unless --upstreams names others.

#include "runnel/server.h"

#include <cstdio>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "services/examples/chat/chat_service.h"
#include "services/examples/ingest/ingest_service.h"
#include "services/examples/jobs/jobs_service.h"
#include "services/examples/monitor/monitor_service.h"
#include "services/examples/overview/overview_service.h"
#include "services/examples/shared/flags.h"
#include "services/examples/shared/root_directory.h"
#include "services/examples/tail/tail_service.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:8080", "address to serve at; port 0 takes a free one");
ABSL_FLAG(std::string, root, ".", "directory whose files tail and jobs may read");
ABSL_FLAG(std::vector<std::string>, upstreams, {},
          "URLs of the servers that the overview may watch; empty: this one");

namespace {

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "error: %s\n", status.ToString().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  examples::ParseFlags(argc, argv,
                       "Serves monitor, tail, ingest, chat, jobs and overview on one port.");

  absl::StatusOr<examples::RootDirectory> root =
      examples::RootDirectory::Open(absl::GetFlag(FLAGS_root));
  if (!root.ok()) return Fail(root.status());
  runnel::IoThread io;  // for the overview's connections
  examples::monitor::MonitorService monitor;
  examples::tail::TailService tail(*root);
  examples::ingest::IngestService ingest;
  examples::chat::ChatService chat;
  examples::jobs::JobsService jobs(*root);
  examples::overview::OverviewService overview(io.executor());

  runnel::ServerOptions options;
  options.listen = absl::GetFlag(FLAGS_listen);
  runnel::Server server(options);
  for (runnel::Service* service :
       std::initializer_list<runnel::Service*>{&monitor, &tail, &ingest, &chat, &jobs, &overview}) {
    if (absl::Status status = server.AddService(*service); !status.ok()) return Fail(status);
  }
  if (absl::Status status = server.Start(); !status.ok()) return Fail(status);
  std::vector<std::string> upstreams = absl::GetFlag(FLAGS_upstreams);
  if (upstreams.empty()) upstreams = {server.url()};
  overview.SetServers(upstreams);

  std::printf("monitor, tail, ingest, chat, jobs and overview serve at %s\n", server.url().c_str());
  std::fflush(stdout);
  runnel::ServeUntilSignalled(server);
}
