// Prints the events of any server, one in a line, as messages of types that it reads from a
// descriptor set:
//
//   protoc --include_imports --descriptor_set_out=/tmp/changes.set changes.proto
//   bazel run //services/examples/watch:client -- --url=https://example.com/changes
//       --types=/tmp/changes.set --type=shop.Change
//
// It connects again for as long as it runs, and goes on behind the last event; streams that have an
// end are named with --end, --end_data or --once.

#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/examples/shared/flags.h"
#include "services/examples/watch/watcher.h"

ABSL_FLAG(std::string, url, "", "the event stream, http or https");
ABSL_FLAG(std::string, types, "", "file with a descriptor set, as protoc writes it");
ABSL_FLAG(std::string, type, "", "message type of events that --events does not name");
ABSL_FLAG(std::vector<std::string>, events, {}, "types by event names: put=shop.Item,gone=shop.Id");
ABSL_FLAG(std::vector<std::string>, end, {}, "names of events that are the end");
ABSL_FLAG(std::vector<std::string>, end_data, {}, "data that is the end, such as [DONE]");
ABSL_FLAG(std::vector<std::string>, error, {}, "names of events that are errors, and the end");
ABSL_FLAG(bool, unknown, true, "print events whose type is not known");
ABSL_FLAG(bool, base64, false, "the data is the binary form in base64, not JSON");
ABSL_FLAG(bool, once, false, "the end of the response is the end");
ABSL_FLAG(std::string, body, "", "JSON to send, with POST");
ABSL_FLAG(std::string, authorization, "", "header of this name, such as \"Bearer …\"");
ABSL_FLAG(std::string, after, "", "go on behind the event with this id");
ABSL_FLAG(std::string, ca_file, "", "certificates to trust, where the system's are not it");
ABSL_FLAG(uint32_t, count, 0, "end after so many events; 0: go on");

namespace {

using examples::watch::WatchOptions;

absl::Status TakeFlags(WatchOptions& options) {
  options.url = absl::GetFlag(FLAGS_url);
  options.descriptor_set = absl::GetFlag(FLAGS_types);
  options.count = absl::GetFlag(FLAGS_count);
  options.types.other = absl::GetFlag(FLAGS_type);
  for (const std::string& pair : absl::GetFlag(FLAGS_events)) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos) {
      return absl::InvalidArgumentError("--events=" + pair + " is not NAME=TYPE");
    }
    options.types.named[pair.substr(0, equals)] = pair.substr(equals + 1);
  }

  for (std::string& name : absl::GetFlag(FLAGS_end)) options.stream.end_events.insert(name);
  for (std::string& data : absl::GetFlag(FLAGS_end_data)) options.stream.end_data.insert(data);
  for (std::string& name : absl::GetFlag(FLAGS_error)) options.stream.error_events.insert(name);
  options.stream.bad_events = runnel::BadEvents::kReport;
  if (absl::GetFlag(FLAGS_unknown)) options.stream.unknown_events = runnel::UnknownEvents::kReport;
  if (absl::GetFlag(FLAGS_base64)) options.stream.data = runnel::EventData::kBase64;

  options.source.last_event_id = absl::GetFlag(FLAGS_after);
  options.source.tls.ca_file = absl::GetFlag(FLAGS_ca_file);
  options.source.retry.server_errors = true;
  if (absl::GetFlag(FLAGS_once)) options.source.end_of_body = runnel::EndOfBody::kClose;
  const std::string authorization = absl::GetFlag(FLAGS_authorization);
  if (!authorization.empty()) options.source.headers.Set("authorization", authorization);
  options.source.body = absl::GetFlag(FLAGS_body);
  if (!options.source.body.empty()) {
    options.source.method = "POST";
    options.source.headers.Set("content-type", "application/json");
  }
  options.source.on_status = [](const runnel::EventSourceStatus& status) {
    if (status.state != runnel::EventSourceState::kWaiting) return;
    std::fprintf(stderr, "%s; connecting again in %s\n", status.reason.ToString().c_str(),
                 absl::FormatDuration(status.delay).c_str());
  };
  return absl::OkStatus();
}

absl::Status Run() {
  WatchOptions options;
  RUNNEL_RETURN_IF_ERROR(TakeFlags(options));
  return examples::watch::Watch(options, [](const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  });
}

}  // namespace

int main(int argc, char** argv) {
  examples::ParseFlags(argc, argv, "Prints any event stream as messages of given types.");
  const absl::Status status = Run();
  if (status.ok()) return 0;
  std::fprintf(stderr, "error: %s\n", status.ToString().c_str());
  return 1;
}
