// Sends a file to the server and prints what is in it:
//
//   bazel run //services/examples/ingest:client -- --file=/var/log/dpkg.log

#include "runnel/client.h"

#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <string>

#include "absl/flags/flag.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "services/examples/ingest/ingest.runnel.h"
#include "services/examples/shared/client_exit.h"
#include "services/examples/shared/flags.h"
#include "services/examples/shared/human_bytes.h"
#include "services/examples/shared/proto_time.h"

ABSL_FLAG(std::string, server, "http://127.0.0.1:8080", "URL of the server");
ABSL_FLAG(std::string, file, "", "file to send");
ABSL_FLAG(std::string, format, "", "\"log\" or \"csv\"; by default what the file's name says");
ABSL_FLAG(absl::Duration, for, absl::InfiniteDuration(), "give up after this time, such as 10s");

namespace {

namespace v1 = examples::ingest::v1;

constexpr size_t kChunkBytes = 64 * 1024;

absl::StatusOr<v1::Format> ChooseFormat(const std::string& file) {
  const std::string format = absl::GetFlag(FLAGS_format);
  if (format == "log") return v1::FORMAT_LOG;
  if (format == "csv") return v1::FORMAT_CSV;
  if (!format.empty()) return absl::InvalidArgumentError("--format must be \"log\" or \"csv\"");
  return absl::EndsWithIgnoreCase(file, ".csv") ? v1::FORMAT_CSV : v1::FORMAT_LOG;
}

absl::StatusOr<v1::Summary> Send(const std::string& server, const std::string& path) {
  v1::UploadRequest request;
  RUNNEL_ASSIGN_OR_RETURN(const v1::Format format, ChooseFormat(path));
  request.mutable_header()->set_format(format);
  request.mutable_header()->set_name(path);
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read --file=", path));

  runnel::IoThread io;
  v1::Ingest::Stub ingest(runnel::Channel::Connect(io.executor(), server));
  runnel::CallOptions options;
  options.timeout = absl::GetFlag(FLAGS_for);
  auto upload = ingest.Upload(options);
  absl::Status sent = io.BlockOn(upload.Write(request));
  while (sent.ok() && file) {
    std::string& chunk = *request.mutable_chunk();
    chunk.resize(kChunkBytes);
    file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    chunk.resize(static_cast<size_t>(file.gcount()));
    if (!chunk.empty()) sent = io.BlockOn(upload.Write(request));
  }
  if (file.bad()) return absl::DataLossError(absl::StrCat("cannot read all of --file=", path));
  return io.BlockOn(upload.Finish());  // also when a Write failed: this says why
}

std::string Text(const google::protobuf::Timestamp& time) {
  return absl::FormatTime(absl::RFC3339_sec, examples::FromProto(time), absl::UTCTimeZone());
}

void Print(const v1::LogSummary& log) {
  for (const auto& [level, lines] : log.levels()) {
    std::printf("  %-5s %" PRId64 "\n", level.c_str(), lines);
  }
  for (const auto& [status, lines] : log.statuses()) {
    std::printf("  HTTP %d %" PRId64 "\n", status, lines);
  }
  if (log.has_first_time()) {
    std::printf("  from %s to %s, and %" PRId64 " lines without a time\n",
                Text(log.first_time()).c_str(), Text(log.last_time()).c_str(),
                log.lines_without_time());
  }
}

void Print(const v1::CsvSummary& csv) {
  std::printf("  %" PRId64 " rows\n", csv.rows());
  for (const v1::Column& column : csv.columns()) {
    std::printf("  %s: %" PRId64 " empty", column.name().c_str(), column.empty());
    if (column.has_numbers()) {
      std::printf(", from %g to %g, %g on average", column.numbers().min(), column.numbers().max(),
                  column.numbers().mean());
    }
    if (column.has_times()) {
      std::printf(", from %s to %s", Text(column.times().first()).c_str(),
                  Text(column.times().last()).c_str());
    }
    std::printf("\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  examples::ParseFlags(argc, argv,
                       "Sends a log or CSV file to an ingest server, and prints what is in it.");
  const std::string server = absl::GetFlag(FLAGS_server);
  absl::StatusOr<v1::Summary> summary = Send(server, absl::GetFlag(FLAGS_file));
  if (summary.ok()) {
    std::printf("%s: %s, %" PRId64 " lines\n", summary->name().c_str(),
                examples::HumanBytes(static_cast<double>(summary->bytes())).c_str(),
                summary->lines());
    if (summary->has_log()) Print(summary->log());
    if (summary->has_csv()) Print(summary->csv());
  }
  // Here the end of the time is a failure: there is no summary.
  return examples::ExitCode(summary.status(), absl::InfiniteDuration(), server,
                            "//services/examples/ingest:server");
}
