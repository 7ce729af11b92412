// All examples in one server:
//
//   bazel run //services/examples/all:server -- --root=$HOME
//
// Its overview watches the server itself, unless --upstreams names others.

#include <memory>
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
#include "services/examples/shared/scratch_directory.h"
#include "services/examples/shared/server_program.h"
#include "services/examples/tail/tail_service.h"

ABSL_FLAG(std::string, root, ".", "directory whose files tail and jobs may read");
ABSL_FLAG(std::vector<std::string>, upstreams, {},
          "URLs of the servers that the overview may watch; empty: this one");

namespace {

// A way to services of this process without TLS and tokens, for this process alone: a socket in a
// directory that nobody else may look into.
class BackDoor {
 public:
  explicit BackDoor(const std::vector<runnel::Service*>& services) : server_(Options()) {
    for (runnel::Service* service : services) {
      if (status_.ok()) status_ = server_.AddService(*service);
    }
    if (status_.ok()) status_ = server_.Start();
  }

  const absl::Status& status() const { return status_; }
  std::string url() const { return server_.url(); }

 private:
  runnel::ServerOptions Options() const {
    runnel::ServerOptions options;
    options.listen = "unix:" + directory_.path() + "/self.sock";
    options.threads = 1;
    return options;
  }

  const examples::ScratchDirectory directory_;
  runnel::Server server_;
  absl::Status status_;
};

}  // namespace

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

  // The overview has no token to show, and does not know whose certificate this is.
  const std::vector<std::string> upstreams = absl::GetFlag(FLAGS_upstreams);
  const bool guarded = program.options().tls || program.options().authenticate;
  std::unique_ptr<BackDoor> back_door;
  if (upstreams.empty() && guarded) {
    back_door = std::make_unique<BackDoor>(std::vector<runnel::Service*>{&monitor, &jobs});
    if (!back_door->status().ok()) return examples::Fail(back_door->status());
  }
  return program.Serve(
      {&monitor, &tail, &ingest, &chat, &jobs, &overview}, [&](const runnel::Server& server) {
        if (back_door != nullptr) {
          overview.SetServer(server.url(),
                             runnel::Channel::Connect(io.executor(), back_door->url()));
        } else {
          overview.SetServers(upstreams.empty() ? std::vector<std::string>{server.url()}
                                                : upstreams);
        }
      });
}
