#include "services/examples/shared/operations_flags.h"

#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "runnel/file_log_sink.h"
#include "runnel/server_log.h"

ABSL_FLAG(bool, metrics, false, "answer Prometheus at /metrics");
ABSL_FLAG(bool, debug, false,
          "serve runnel.v1.Debug: who may call the server may see its sessions, calls and "
          "connections");
ABSL_FLAG(std::string, log, "off",
          "a line for each call and session event: \"text\" (or just --log), \"json\" or \"off\"");
ABSL_FLAG(std::string, log_file, "", "file that the log is appended to; standard error without");
ABSL_FLAG(bool, log_spans, false,
          "with --log, a second line for each call, as a span of its W3C trace");
ABSL_FLAG(bool, principals, false,
          "name callers (who have shown who they are) in the log, the metrics and runnel.v1.Debug");

namespace examples {
namespace {

constexpr int kStandardError = 2;

}  // namespace

OperationsOfFlags::OperationsOfFlags() = default;

OperationsOfFlags::~OperationsOfFlags() = default;

absl::Status OperationsOfFlags::AddTo(runnel::ServerOptions& options) {
  const bool principals = absl::GetFlag(FLAGS_principals);
  if (principals && !absl::GetFlag(FLAGS_metrics) && !absl::GetFlag(FLAGS_debug) &&
      absl::GetFlag(FLAGS_log) == "off") {
    return absl::InvalidArgumentError("--principals needs --log, --metrics or --debug, too");
  }
  if (absl::GetFlag(FLAGS_metrics)) {
    metrics_ = std::make_unique<runnel::MetricsHandler>();
    if (principals) options.observers.push_back(metrics_->CountPrincipals());
  }
  const std::string format = absl::GetFlag(FLAGS_log);
  const std::string file = absl::GetFlag(FLAGS_log_file);
  if (format == "off") {
    if (file.empty() && !absl::GetFlag(FLAGS_log_spans)) return absl::OkStatus();
    return absl::InvalidArgumentError("--log-file and --log-spans need --log, too");
  }
  if (format != "text" && format != "json") {
    return absl::InvalidArgumentError(absl::StrCat("--log is text, json or off, not ", format));
  }
  runnel::ServerLogOptions log;
  log.format = format == "json" ? runnel::LogFormat::kJson : runnel::LogFormat::kText;
  log.spans = absl::GetFlag(FLAGS_log_spans);
  log.principals = principals;
  runnel::FileLogSink::Options to;
  to.json = format == "json";
  std::shared_ptr<runnel::LogSink> sink;
  if (file.empty()) {
    sink = std::make_shared<runnel::FileLogSink>(kStandardError, to);
  } else {
    RUNNEL_ASSIGN_OR_RETURN(sink, runnel::FileLogSink::Open(file, to));
  }
  options.observers.push_back(std::make_shared<runnel::ServerLog>(std::move(sink), log));
  return absl::OkStatus();
}

absl::Status OperationsOfFlags::AddTo(runnel::Server& server) {
  if (metrics_ != nullptr) RUNNEL_RETURN_IF_ERROR(metrics_->AddTo(server));
  if (!absl::GetFlag(FLAGS_debug)) return absl::OkStatus();
  runnel::DebugOptions options;
  options.principals = absl::GetFlag(FLAGS_principals);
  debug_ = std::make_unique<runnel::DebugService>(options);
  return debug_->AddTo(server);
}

}  // namespace examples
