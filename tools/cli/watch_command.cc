#include "tools/cli/watch_command.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "runtime/client/any_event_decoder.h"
#include "runtime/client/event_source.h"
#include "runtime/core/json_scan.h"
#include "runtime/core/json_string.h"
#include "runtime/core/protobuf_json.h"
#include "runtime/core/status_code.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/wire/connect_error.h"
#include "tools/cli/connection.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/json_layout.h"
#include "tools/cli/schema_source.h"

namespace runnel::cli {
namespace {

absl::StatusOr<std::string> TakeUrl(const Options& options) {
  if (options.words.size() != 1) {
    return absl::InvalidArgumentError("runnel watch wants one URL, http:// or https://");
  }
  const std::string& url = options.words.front();
  if (url.starts_with("unix:")) {
    return absl::InvalidArgumentError(
        "runnel watch wants a URL with a path, which Unix sockets have no form for; runnel call "
        "reads streams there too");
  }
  return url.find("://") == std::string::npos ? absl::StrCat("http://", url) : url;
}

absl::StatusOr<EventSourceOptions> SourceOptions(const Options& options, const Console& console) {
  EventSourceOptions source;
  RUNNEL_ASSIGN_OR_RETURN(const Metadata metadata, MetadataOf(options));
  for (const auto& [key, value] : metadata) source.headers.Add(key, value);
  RUNNEL_ASSIGN_OR_RETURN(const std::optional<std::string> token, BearerToken(options));
  if (token) {
    // Read anew for every attempt.
    source.attempt_headers = [options]() -> absl::StatusOr<HttpHeaders> {
      RUNNEL_ASSIGN_OR_RETURN(const std::optional<std::string> newest, BearerToken(options));
      HttpHeaders headers;
      if (newest) headers.Add("authorization", absl::StrCat("Bearer ", *newest));
      return headers;
    };
  }
  if (!options.data.empty()) {
    source.method = "POST";
    source.body = options.data;
    if (!source.headers.Contains("content-type")) {
      source.headers.Add("content-type", "application/json");
    }
  }
  source.last_event_id = options.last_event_id;
  source.tls = TlsOf(options);
  source.retry.server_errors = true;
  // Runnel's servers say more than the HTTP status, as all of Connect's do.
  source.refusal = [](int http_status, const HttpHeaders&, std::string_view body) -> absl::Status {
    const absl::StatusOr<ConnectError> error =
        ParseConnectError(body, Limits(), StatusCodeForHttp(http_status));
    return error.ok() && error->has_code ? error->status : absl::OkStatus();
  };
  if (options.once) source.end_of_body = EndOfBody::kClose;
  const bool verbose = options.verbose;
  const Terminal err = console.err;
  source.on_status = [verbose, err, opened = false](const EventSourceStatus& status) mutable {
    std::string text;
    if (status.state == EventSourceState::kOpen) {
      if (verbose || opened) text = absl::StrCat("connected: HTTP ", status.http_status);
      opened = true;
    } else if (status.state == EventSourceState::kWaiting) {
      text = absl::StrCat(Harmless(StdView(status.reason.message())), "; connecting again in ",
                          absl::FormatDuration(absl::Trunc(status.delay, absl::Milliseconds(100))));
    }
    if (text.empty()) return;
    WriteAll(STDERR_FILENO,
             absl::StrCat(Styled(absl::StrCat("* ", text), Style::kDim, err.colors), "\n"))
        .IgnoreError();
  };
  return source;
}

// The decoder of --type and --event; none where there are neither.
absl::StatusOr<AnyEventDecoder> DecoderOf(const Options& options) {
  if (options.type.empty() && options.event_types.empty()) return AnyEventDecoder();
  if (!HasSchemaFiles(options)) {
    return absl::InvalidArgumentError(
        "--type and --event are of types in a file: --proto FILE or --descriptors FILE");
  }
  RUNNEL_ASSIGN_OR_RETURN(const google::protobuf::FileDescriptorSet files, SchemaFiles(options));
  RUNNEL_ASSIGN_OR_RETURN(const Schema schema, Schema::Of(files));
  EventTypes types;
  if (!options.type.empty()) {
    RUNNEL_ASSIGN_OR_RETURN(const auto* const type, schema.FindMessage(options.type));
    types.other = type->full_name();
  }
  for (const std::string& pair : options.event_types) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return absl::InvalidArgumentError(absl::StrCat("--event is NAME=MESSAGE, not ", pair));
    }
    RUNNEL_ASSIGN_OR_RETURN(const auto* const type, schema.FindMessage(pair.substr(equals + 1)));
    types.named[pair.substr(0, equals)] = type->full_name();
  }
  return NewAnyEventDecoder(schema.types(), types, EventStreamOptions());
}

// One event as one line.
class EventPrinter {
 public:
  EventPrinter(const Options& options, const Console& console, AnyEventDecoder decoder)
      : events_(options.events), console_(console), decoder_(std::move(decoder)) {}

  std::string Line(const SourceEvent& event) const {
    absl::StatusOr<std::string> json = JsonOf(event);
    if (!json.ok()) {
      console_.Note(absl::StrCat(Styled("runnel:", Style::kRed, console_.err.colors), " event ",
                                 Harmless(event.type), ": ",
                                 Harmless(StdView(json.status().message())), "\n"));
    }
    const bool is_json = json.ok() && ScanJson(*json, 100).ok();
    std::string data = json.ok() ? *std::move(json) : event.data;
    if (events_) {
      std::string line = "{\"event\":";
      AppendJsonString(event.type, line);
      line += ",\"id\":";
      AppendJsonString(event.id, line);
      line += ",\"data\":";
      if (is_json) {
        line += data;
      } else {
        AppendJsonString(data, line);
      }
      data = line + "}";
    }
    std::replace(data.begin(), data.end(), '\n', ' ');
    if (!console_.for_people) return data + "\n";
    std::string shown;
    if (!events_ && event.type != "message") {
      absl::StrAppend(&shown, Styled(Harmless(event.type), Style::kBlue, console_.out.colors), " ");
    }
    if (is_json || events_) {
      AppendJsonForPeople(data, JsonShape::kOneLine, console_.out.colors, shown);
    } else {
      shown += Harmless(data);
    }
    return shown + "\n";
  }

 private:
  absl::StatusOr<std::string> JsonOf(const SourceEvent& event) const {
    if (!decoder_) return event.data;
    AnyMessage message;
    const EventOutcome outcome = decoder_(event, message);
    if (outcome.kind() == EventOutcome::Kind::kBad) return outcome.status();
    if (outcome.kind() != EventOutcome::Kind::kMessage) return event.data;
    std::string json;
    RUNNEL_RETURN_IF_ERROR(WriteProtobufJson(*message, json));
    return json;
  }

  const bool events_;
  const Console& console_;
  const AnyEventDecoder decoder_;
};

bool IsEnd(const Options& options, const SourceEvent& event) {
  const auto is = [&](const std::string& text) {
    return std::find(options.ends.begin(), options.ends.end(), text) != options.ends.end();
  };
  return is(event.type) || is(event.data);
}

// The last event of Runnel's own streams (PROTOCOL.md, A.2), and no other's.
bool IsRunnelEnd(const SourceEvent& event) { return event.type == "end" && event.id == "end"; }

}  // namespace

absl::Status RunWatch(Options options, const Console& console, std::string& url) {
  absl::StatusOr<std::string> taken = TakeUrl(options);
  if (!taken.ok()) return Mistake(std::move(taken).status());
  url = *taken;
  absl::StatusOr<EventSourceOptions> source_options = SourceOptions(options, console);
  if (!source_options.ok()) return Mistake(std::move(source_options).status());
  absl::StatusOr<AnyEventDecoder> decoder = DecoderOf(options);
  if (!decoder.ok()) return Mistake(std::move(decoder).status());
  const EventPrinter printer(options, console, *std::move(decoder));

  IoThread io;
  EventSource source(io.executor(), url, *std::move(source_options));
  std::atomic<bool> interrupted = false;
  Interrupt interrupt(io, [&] {
    interrupted = true;
    source.Close();
  });
  for (uint64_t seen = 1;; ++seen) {
    absl::StatusOr<std::optional<SourceEvent>> event = io.BlockOn(source.Read());
    if (interrupted) return absl::CancelledError("interrupted");
    if (!event.ok()) return event.status();
    if (!*event) return absl::OkStatus();
    if (IsRunnelEnd(**event)) {
      RUNNEL_ASSIGN_OR_RETURN(const EndOfStream end, ParseEndOfStream((*event)->data, Limits()));
      return end.status;
    }
    if (IsEnd(options, **event)) return absl::OkStatus();
    RUNNEL_RETURN_IF_ERROR(console.Print(printer.Line(**event)));
    if (seen == options.count) return absl::OkStatus();
  }
}

}  // namespace runnel::cli
