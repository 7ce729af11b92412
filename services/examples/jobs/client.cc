// Has a directory tree on the server hashed, and prints the progress and the result:
//
//   bazel run //services/examples/jobs:client -- --path=doc
//
// With --for, or Ctrl-C, the call is cancelled, and with it the work.

#include "runnel/client.h"

#include <cstdio>
#include <optional>
#include <string>

#include "absl/flags/flag.h"
#include "absl/time/time.h"
#include "services/examples/jobs/jobs.runnel.h"
#include "services/examples/jobs/update_text.h"
#include "services/examples/shared/client_exit.h"
#include "services/examples/shared/flags.h"
#include "services/examples/shared/proto_time.h"

ABSL_FLAG(std::string, server, "http://127.0.0.1:8080", "URL of the server");
ABSL_FLAG(std::string, path, "", "directory to hash, relative to the server's root directory");
ABSL_FLAG(absl::Duration, interval, absl::Milliseconds(250), "time between lines of progress");
ABSL_FLAG(int, count, 0, "cancel after so many lines of progress; 0: do not");
ABSL_FLAG(absl::Duration, for, absl::InfiniteDuration(), "cancel after this time, such as 10s");

namespace {

namespace v1 = examples::jobs::v1;

absl::Status HashTree(const std::string& server) {
  runnel::IoThread io;
  v1::Jobs::Stub jobs(runnel::Channel::Connect(io.executor(), server));
  v1::HashTreeRequest request;
  request.set_path(absl::GetFlag(FLAGS_path));
  *request.mutable_progress_interval() = examples::ToProto(absl::GetFlag(FLAGS_interval));
  runnel::CallOptions options;
  options.timeout = absl::GetFlag(FLAGS_for);

  auto updates = jobs.HashTree(request, options);
  for (int lines = 1; true; ++lines) {
    RUNNEL_ASSIGN_OR_RETURN(std::optional<v1::HashTreeUpdate> update, io.BlockOn(updates.Read()));
    if (!update) return absl::OkStatus();
    std::printf("%s\n", examples::jobs::OneLine(*update).c_str());
    std::fflush(stdout);
    if (lines == absl::GetFlag(FLAGS_count))
      return absl::OkStatus();  // destroying the stream cancels
  }
}

}  // namespace

int main(int argc, char** argv) {
  examples::ParseFlags(argc, argv, "Has a jobs server hash a directory tree.");
  const std::string server = absl::GetFlag(FLAGS_server);
  return examples::ExitCode(HashTree(server), absl::GetFlag(FLAGS_for), server,
                            "//services/examples/jobs:server");
}
