// Prints the lines of a file on the server, and those that are appended to it:
//
//   bazel run //services/examples/tail:client -- --path=syslog
//
// When the server goes away it comes back as often as --retries says, and goes on after the last
// line it has printed.

#include "runnel/client.h"

#include <cstdio>
#include <optional>
#include <string>

#include "absl/flags/flag.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "services/examples/shared/client_exit.h"
#include "services/examples/shared/flags.h"
#include "services/examples/tail/tail.runnel.h"

ABSL_FLAG(std::string, server, "http://127.0.0.1:8080", "URL of the server");
ABSL_FLAG(std::string, path, "", "file to follow, relative to the server's root directory");
ABSL_FLAG(int64_t, offset, 0, "first byte to print");
ABSL_FLAG(std::string, after, "", "go on after the line with this id (--ids shows them)");
ABSL_FLAG(bool, ids, false, "print the id of each line before it");
ABSL_FLAG(bool, follow, true, "wait for more at the end of the file");
ABSL_FLAG(uint32_t, count, 0, "end after so many lines; 0: go on");
ABSL_FLAG(absl::Duration, for, absl::InfiniteDuration(), "end after this time, such as 10s");
ABSL_FLAG(int, retries, 10, "how often to come back to a server that went away, a second apart");

namespace {

namespace v1 = examples::tail::v1;

// One call. Moves `options` and `request` on with every line, so that another call goes on after
// it.
absl::Status PrintLines(runnel::IoThread& io, v1::Tail::Stub& tail, v1::FollowRequest& request,
                        runnel::CallOptions& options) {
  auto lines = tail.Follow(request, options);
  while (true) {
    RUNNEL_ASSIGN_OR_RETURN(std::optional<v1::Line> line, io.BlockOn(lines.Read()));
    if (!line) return absl::OkStatus();
    if (absl::GetFlag(FLAGS_ids)) std::printf("%s\t", line->id().c_str());
    if (line->restarted()) std::printf("--- the file starts anew ---\n");
    std::printf("%s%s", line->text().c_str(), line->unfinished() ? "" : "\n");
    std::fflush(stdout);
    options.last_event_id = line->id();
    if (request.max_lines() == 1) return absl::OkStatus();
    if (request.max_lines() > 1) request.set_max_lines(request.max_lines() - 1);
  }
}

absl::Status Follow(const std::string& server) {
  runnel::IoThread io;
  v1::Tail::Stub tail(runnel::Channel::Connect(io.executor(), server));
  v1::FollowRequest request;
  request.set_path(absl::GetFlag(FLAGS_path));
  request.set_offset(absl::GetFlag(FLAGS_offset));
  request.set_max_lines(absl::GetFlag(FLAGS_count));
  request.set_stop_at_end(!absl::GetFlag(FLAGS_follow));
  runnel::CallOptions options;
  options.route =
      runnel::Route::kDirect;  // resuming by id needs no session, and no memory in the server
  options.last_event_id = absl::GetFlag(FLAGS_after);

  const absl::Time end = absl::Now() + absl::GetFlag(FLAGS_for);
  for (int retries = absl::GetFlag(FLAGS_retries);; --retries) {
    options.timeout = end - absl::Now();
    absl::Status status = PrintLines(io, tail, request, options);
    const bool came_this_far = options.last_event_id != absl::GetFlag(FLAGS_after);
    if (!absl::IsUnavailable(status) || !came_this_far || retries <= 0) return status;
    std::fprintf(stderr, "%s; coming back in a second\n", status.ToString().c_str());
    absl::SleepFor(absl::Seconds(1));
  }
}

}  // namespace

int main(int argc, char** argv) {
  examples::ParseFlags(argc, argv, "Follows a file that a tail server shows.");
  const std::string server = absl::GetFlag(FLAGS_server);
  return examples::ExitCode(Follow(server), absl::GetFlag(FLAGS_for), server,
                            "//services/examples/tail:server");
}
