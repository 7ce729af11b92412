// Prints a machine's figures, one line for each sample:
//
//   bazel run //services/examples/monitor:client -- --interval=500ms --count=10

#include "runnel/client.h"

#include <cstdio>
#include <optional>
#include <string>

#include "absl/flags/flag.h"
#include "absl/time/time.h"
#include "services/examples/monitor/monitor.runnel.h"
#include "services/examples/monitor/sample_text.h"
#include "services/examples/shared/client_exit.h"
#include "services/examples/shared/flags.h"
#include "services/examples/shared/proto_time.h"

ABSL_FLAG(std::string, server, "http://127.0.0.1:8080", "URL of the server");
ABSL_FLAG(absl::Duration, interval, absl::Seconds(1), "time between samples");
ABSL_FLAG(uint32_t, count, 0, "end after so many samples; 0: go on");
ABSL_FLAG(absl::Duration, for, absl::InfiniteDuration(), "end after this time, such as 10s");

namespace {

namespace v1 = examples::monitor::v1;

absl::Status PrintSamples(const std::string& server) {
  runnel::IoThread io;
  v1::Monitor::Stub monitor(runnel::Channel::Connect(io.executor(), server));
  v1::WatchRequest request;
  *request.mutable_interval() = examples::ToProto(absl::GetFlag(FLAGS_interval));
  request.set_count(absl::GetFlag(FLAGS_count));
  runnel::CallOptions options;
  options.timeout = absl::GetFlag(FLAGS_for);

  auto samples = monitor.Watch(request, options);
  while (true) {
    RUNNEL_ASSIGN_OR_RETURN(std::optional<v1::Sample> sample, io.BlockOn(samples.Read()));
    if (!sample) return absl::OkStatus();
    std::printf("%s\n", examples::monitor::OneLine(*sample).c_str());
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  examples::ParseFlags(argc, argv,
                       "Prints the figures of the machine that a monitor server runs on.");
  const std::string server = absl::GetFlag(FLAGS_server);
  return examples::ExitCode(PrintSamples(server), absl::GetFlag(FLAGS_for), server,
                            "//services/examples/monitor:server");
}
