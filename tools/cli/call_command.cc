#include "tools/cli/call_command.h"

#include <atomic>
#include <boost/asio/this_coro.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "runtime/client/streams.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "tools/cli/address.h"
#include "tools/cli/connection.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/json_layout.h"
#include "tools/cli/json_text.h"
#include "tools/cli/progress_bar.h"
#include "tools/cli/request_source.h"
#include "tools/cli/response_batch.h"
#include "tools/cli/schema_source.h"

namespace runnel::cli {
namespace {

// So many messages are handed to the loop in one turn.
constexpr size_t kMostAtOnce = 256;

// The requests of a stream, sent by a thread of their own: the source may wait for a keyboard.
class RequestSender {
 public:
  RequestSender(IoThread& io, StreamHandle& stream, RequestSource& source,
                const google::protobuf::Descriptor& type, const Terminal& terminal)
      : io_(io), stream_(stream), source_(source), message_(type), terminal_(terminal) {
    thread_ = std::thread([this] { Run(); });
  }
  ~RequestSender() {
    source_.Stop();
    thread_.join();
  }
  RequestSender(const RequestSender&) = delete;
  RequestSender& operator=(const RequestSender&) = delete;

  // Why the requests have stopped before their end, if they have, and why that is a mistake.
  absl::Status status() {
    const std::lock_guard lock(mutex_);
    return status_;
  }
  uint64_t sent() const { return sent_.load(); }

 private:
  void Run() {
    const absl::Status status = SendAll();
    if (status.ok() || absl::IsCancelled(status)) return;
    {
      const std::lock_guard lock(mutex_);
      status_ = Mistake(status);
    }
    stream_.Cancel();
  }

  absl::Status SendAll() {
    ProgressBar bar(terminal_, absl::Now());
    while (true) {
      absl::Status next;
      RUNNEL_ASSIGN_OR_RETURN(std::optional<std::string> json, source_.Next());
      if (!json) break;
      // What was read along with it goes to the loop in one turn.
      std::vector<std::string> batch;
      while (json) {
        batch.push_back(*std::move(json));
        json.reset();
        if (batch.size() == kMostAtOnce) break;
        absl::StatusOr<std::optional<std::string>> more = source_.NextRead();
        next = more.status();
        if (more.ok()) json = *std::move(more);
      }
      // An error is the end of the call, whose status the reader has.
      if (!io_.BlockOn(WriteAll(std::move(batch))).ok()) return absl::OkStatus();
      ShowProgress(bar);
      RUNNEL_RETURN_IF_ERROR(next);
    }
    io_.BlockOn(stream_.WritesDone()).IgnoreError();
    return absl::OkStatus();
  }

  Awaitable<absl::Status> WriteAll(std::vector<std::string> batch) {
    const Executor here = co_await asio::this_coro::executor;
    for (std::string& json : batch) {
      message_.text() = std::move(json);
      if (!stream_.TryWrite(here, message_)) {
        RUNNEL_CO_RETURN_IF_ERROR(co_await stream_.Write(message_, WriteOptions()));
      }
      ++sent_;
    }
    co_return absl::OkStatus();
  }

  void ShowProgress(ProgressBar& bar) const {
    const uint64_t total = source_.total_bytes();
    const uint64_t read = source_.read_bytes();
    if (total == 0) return;  // a keyboard's: nobody knows how far it is
    bar.Show(static_cast<double>(read) / static_cast<double>(total),
             absl::StrCat(HumanBytes(read), " of ", HumanBytes(total)), absl::Now());
  }

  IoThread& io_;
  StreamHandle& stream_;
  RequestSource& source_;
  JsonText message_;
  const Terminal terminal_;
  std::atomic<uint64_t> sent_ = 0;
  std::mutex mutex_;
  absl::Status status_;
  std::thread thread_;
};

// What --verbose says.
class Account {
 public:
  Account(const Console& console, bool wanted) : console_(console), wanted_(wanted) {}

  void Request(const Target& target, const Options& options, const CallOptions& call) {
    if (!wanted_) return;
    std::string_view route = "direct";
    if (options.channel ||
        (!options.direct && !options.connect && target.info().kind != CallKind::kUnary)) {
      route = "session";
    }
    std::string text =
        absl::StrCat("> ", target.url, target.path, " (", AbslView(KindName(target.info().kind)),
                     ", ", options.connect ? "Connect" : AbslView(route), ")\n");
    for (const auto& [key, value] : call.metadata) Line("> ", key, value, text);
    if (BearerToken(options).value_or(std::nullopt)) text += "> authorization: Bearer …\n";
    Say(text);
  }

  void Batch(const StreamHandle& stream, const ResponseBatch& batch) {
    const absl::Time now = absl::Now();
    if (messages_ == 0) first_ = now;
    messages_ += batch.messages;
    bytes_ += batch.lines.size() - batch.messages;
    if (!wanted_) return;
    std::string text;
    if (!std::exchange(head_told_, true)) {
      for (const auto& [key, value] : stream.initial_metadata()) Line("< ", key, value, text);
    }
    if (batch.end) {
      for (const auto& [key, value] : stream.trailing_metadata()) {
        Line("< trailer ", key, value, text);
      }
    }
    Say(text);
  }

  void End(const absl::Status& status, uint64_t sent) {
    if (!wanted_) return;
    const absl::Time now = absl::Now();
    std::string text =
        absl::StrCat("* ", absl::StatusCodeToString(status.code()), ": ", sent,
                     sent == 1 ? " request, " : " requests, ", messages_,
                     messages_ == 1 ? " response of " : " responses of ", HumanBytes(bytes_), ", ");
    if (messages_ > 0) absl::StrAppend(&text, "the first after ", Text(first_ - start_), ", ");
    absl::StrAppend(&text, "all over after ", Text(now - start_), "\n");
    Say(text);
  }

  uint64_t messages() const { return messages_; }

 private:
  static std::string Text(absl::Duration duration) {
    return absl::StrFormat("%.1f ms", absl::ToDoubleMilliseconds(duration));
  }

  static void Line(std::string_view mark, const std::string& key, const std::string& value,
                   std::string& text) {
    const bool secret = key == "authorization" || key == "cookie";
    absl::StrAppend(&text, AbslView(mark), Harmless(key), ": ",
                    secret             ? "…"
                    : IsBinaryKey(key) ? absl::StrCat(value.size(), " bytes")
                                       : Harmless(value),
                    "\n");
  }

  void Say(std::string_view text) const {
    std::string styled;
    for (const absl::string_view line : absl::StrSplit(AbslView(text), '\n', absl::SkipEmpty())) {
      absl::StrAppend(&styled, Styled(StdView(line), Style::kDim, console_.err.colors), "\n");
    }
    console_.Note(styled);
  }

  const Console& console_;
  const bool wanted_;
  const absl::Time start_ = absl::Now();
  absl::Time first_;
  uint64_t messages_ = 0;
  uint64_t bytes_ = 0;
  bool head_told_ = false;
};

std::string ForPeople(std::string_view lines, CallKind kind, bool colors) {
  const bool one = kind == CallKind::kUnary || kind == CallKind::kClientStream;
  std::string text;
  for (const absl::string_view line : absl::StrSplit(AbslView(lines), '\n', absl::SkipEmpty())) {
    AppendJsonForPeople(StdView(line), one ? JsonShape::kIndented : JsonShape::kOneLine, colors,
                        text);
    text += '\n';
  }
  return text;
}

// Reads and prints to the end. The status is the call's, or OutputFailed.
absl::Status PrintResponses(IoThread& io, StreamHandle& stream, const Target& target,
                            const Console& console, Account& account) {
  const MethodInfo info = target.info();
  JsonText message(*target.method->output_type());
  while (true) {
    const ResponseBatch batch = io.BlockOn(ReadBatch(stream, message));
    account.Batch(stream, batch);
    if (batch.messages > 0) {
      const absl::Status printed = console.Print(
          console.for_people ? ForPeople(batch.lines, info.kind, console.out.colors) : batch.lines);
      if (!printed.ok()) {
        stream.Cancel();
        return printed;
      }
    }
    if (!batch.end) continue;
    if (batch.end->ok() && !info.server_streams() && account.messages() != 1) {
      return absl::UnimplementedError(absl::StrCat("the server sent ", account.messages(),
                                                   " responses where there has to be one"));
    }
    return *batch.end;
  }
}

}  // namespace

absl::Status RunCall(Options options, const Console& console, std::string& url) {
  std::vector<std::string> words = options.words;
  url = TakeAddress(words);
  RUNNEL_ASSIGN_OR_RETURN(Target target, TakeTarget(options));
  const MethodInfo info = target.info();
  const google::protobuf::Descriptor& request_type = *target.method->input_type();
  absl::StatusOr<std::unique_ptr<RequestSource>> source =
      RequestSource::Of(target.schema, request_type, options.words, info.client_streams());
  if (!source.ok()) return Mistake(std::move(source).status());
  absl::StatusOr<std::unique_ptr<Connection>> connection =
      Connection::Open(options, target.url, Codec::kJson);
  if (!connection.ok()) return Mistake(std::move(connection).status());
  IoThread& io = (*connection)->io();
  CallOptions call = (*connection)->call_options();
  call.last_event_id = options.last_event_id;
  // Only a request of its own has an event id to go on behind.
  if (!call.last_event_id.empty()) call.route = Route::kDirect;

  Account account(console, options.verbose);
  account.Request(target, options, call);
  StreamHandle stream((*connection)->channel(), info, call);
  Interrupt interrupt(io, [&stream, &source] {
    stream.Cancel();
    (*source)->Stop();
  });
  if (info.client_streams()) {
    RequestSender sender(io, stream, **source, request_type, console.err);
    absl::Status status = PrintResponses(io, stream, target, console, account);
    if (!sender.status().ok()) status = sender.status();
    account.End(status, sender.sent());
    return status;
  }

  absl::StatusOr<std::optional<std::string>> json = (*source)->Next();
  if (!json.ok()) return Mistake(std::move(json).status());
  JsonText request(request_type);
  request.text() = json->value_or("{}");
  json = (*source)->Next();
  if (!json.ok()) return Mistake(std::move(json).status());
  if (*json) {
    return Mistake(absl::InvalidArgumentError(
        absl::StrCat(target.method->full_name(), " takes one message, and there are more")));
  }
  WriteOptions last;
  last.last = true;
  // An error is the end of the call, whose status the reader has.
  io.BlockOn(stream.Write(request, last)).IgnoreError();
  const absl::Status status = PrintResponses(io, stream, target, console, account);
  account.End(status, 1);
  return status;
}

}  // namespace runnel::cli
