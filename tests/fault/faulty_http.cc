#include "tests/fault/faulty_http.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/async/signal.h"
#include "runtime/core/status_macros.h"
#include "runtime/http/not_sent.h"

namespace fault {
namespace {

using runnel::Awaitable;
using runnel::HttpBody;
using runnel::HttpRequest;
using runnel::HttpResponse;
using runnel::NotSent;

// What the two sockets of a connection hold.
constexpr size_t kPipeBytes = 64 * 1024;
// When a system gives a silent connection up.
constexpr absl::Duration kSilenceEnds = absl::Minutes(15);

absl::Status Broken() { return absl::UnavailableError("the connection broke (a fault)"); }

HttpResponse Page(int status, const char* title) {
  HttpResponse response;
  response.status = status;
  response.headers.Add("content-type", "text/html");
  response.body = runnel::StringBody(
      absl::StrCat("<html>\r\n<head><title>", title, "</title></head>\r\n<body>\r\n<center><h1>",
                   title, "</h1></center>\r\n</body>\r\n</html>\r\n"));
  return response;
}

HttpRequest Clone(const HttpRequest& request, const std::string& body) {
  HttpRequest clone;
  clone.method = request.method;
  clone.target = request.target;
  clone.version = request.version;
  clone.headers = request.headers;
  clone.idempotent = request.idempotent;
  clone.body = runnel::StringBody(body);
  return clone;
}

}  // namespace

// One exchange: the server's side is carried by a task, the client's side takes what has arrived.
struct FaultyHttp::Link : std::enable_shared_from_this<FaultyHttp::Link> {
  Link(runnel::Executor e, runnel::Clock& c) : executor(e), clock(c), tasks(std::move(e)) {}

  // The connection breaks, for both.
  void Break(absl::Status why) {
    if (over) return;
    over = true;
    if (!silent && !ended && error.ok()) error = std::move(why);
    timer.reset();
    changed.Notify();
    tasks.Cancel();
  }

  // From now on neither side hears of the other.
  void FallSilent() {
    if (over || ended || silent) return;
    silent = true;
    timer = clock.CallAfter(executor, kSilenceEnds,
                            [self = shared_from_this()] { self->Break(Broken()); });
  }

  // The client does not want it any more.
  void Abandon() {
    abandoned = true;
    changed.Notify();
    if (!silent) Break(Broken());
  }

  void Answer(HttpResponse response) {
    head.status = response.status;
    head.headers = std::move(response.headers);
    answered = true;
    changed.Notify();
  }

  void Push(std::string_view piece) {
    if (silent || piece.empty()) return;
    pieces.emplace_back(piece);
    queued += piece.size();
    changed.Notify();
  }

  const runnel::Executor executor;
  runnel::Clock& clock;
  HttpResponse head;  // without its body
  bool answered = false;
  std::deque<std::string> pieces;  // that have arrived
  size_t queued = 0;               // bytes of them
  bool ended = false;              // the response has arrived whole
  bool silent = false;
  bool abandoned = false;
  bool over = false;
  absl::Status error;
  runnel::Signal changed;
  std::unique_ptr<runnel::Timer> timer;
  std::unique_ptr<runnel::Timer> cutter;
  runnel::TaskGroup tasks;
};

class FaultyHttp::LinkBody final : public HttpBody {
 public:
  explicit LinkBody(std::shared_ptr<Link> link) : link_(std::move(link)) {}
  ~LinkBody() override { link_->Abandon(); }

  Awaitable<absl::StatusOr<std::optional<std::string_view>>> Read() override {
    std::shared_ptr<Link> link = link_;
    for (;;) {
      if (!link->pieces.empty()) {
        given_ = std::move(link->pieces.front());
        link->pieces.pop_front();
        link->queued -= given_.size();
        link->changed.Notify();
        co_return std::string_view(given_);
      }
      if (link->ended) co_return std::nullopt;
      if (!link->error.ok()) co_return link->error;
      const absl::Status waited = co_await link->changed.Wait();
      if (!waited.ok()) co_return waited;
    }
  }

 private:
  const std::shared_ptr<Link> link_;
  std::string given_;
};

// A request that is sent in pieces, as it arrives at the server.
class FaultyHttp::PassedBody final : public HttpBody {
 public:
  PassedBody(std::unique_ptr<HttpBody> body, std::shared_ptr<Link> link, absl::Duration delay)
      : body_(std::move(body)), link_(std::move(link)), delay_(delay) {}

  Awaitable<absl::StatusOr<std::optional<std::string_view>>> Read() override {
    // Whoever cancels this may have destroyed the body.
    const std::shared_ptr<Link> link = link_;
    const absl::Duration delay = delay_;
    absl::StatusOr<std::optional<std::string_view>> piece = co_await body_->Read();
    if (absl::IsCancelled(piece.status())) co_return piece;
    if (delay > absl::ZeroDuration()) {
      const absl::Status arrived = co_await SleepFor(link->clock, delay);
      if (!arrived.ok()) co_return arrived;
    }
    while (link->silent && !link->over) {
      const absl::Status waited = co_await link->changed.Wait();
      if (!waited.ok()) co_return waited;
    }
    if (link->over) co_return Broken();
    co_return piece;
  }

 private:
  const std::unique_ptr<HttpBody> body_;
  const std::shared_ptr<Link> link_;
  const absl::Duration delay_;
};

FaultyHttp::FaultyHttp(runnel::Executor executor, runnel::InProcessHttp& http, runnel::Clock& clock,
                       Schedule schedule)
    : executor_(executor),
      http_(http),
      clock_(clock),
      schedule_(std::move(schedule)),
      start_(clock.Now()),
      copies_(std::move(executor)) {
  for (const Fault& fault : schedule_.faults) {
    timers_.push_back(clock_.CallAt(executor_, start_ + fault.at, [this, &fault] { At(fault); }));
    if (fault.kind == FaultKind::kKill) {
      timers_.push_back(clock_.CallAt(executor_, start_ + fault.at + fault.lasting, [this] {
        Trace("a new server");
        if (on_restart) on_restart();
      }));
    }
  }
}

FaultyHttp::~FaultyHttp() { CutAll(); }

void FaultyHttp::Trace(const std::string& line) {
  if (trace_ != nullptr) {
    trace_->push_back(absl::StrCat(absl::FormatDuration(clock_.Now() - start_), " ", line));
  }
}

bool FaultyHttp::During(const Fault& fault) const {
  const absl::Duration now = clock_.Now() - start_;
  return fault.at <= now && now < fault.at + fault.lasting;
}

void FaultyHttp::CutAll() {
  copies_.Cancel();
  for (const auto& [number, weak] : std::exchange(links_, {})) {
    if (const std::shared_ptr<Link> link = weak.lock(); link != nullptr) link->Break(Broken());
  }
}

// The beginning of a timed fault.
void FaultyHttp::At(const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::kCutAll:
    case FaultKind::kRefuse:
    case FaultKind::kKill:
      Trace(fault.ToString());
      if (fault.kind == FaultKind::kKill && on_kill) on_kill();
      CutAll();
      break;
    case FaultKind::kSilence:
      Trace(fault.ToString());
      for (const auto& [number, weak] : links_) {
        if (const std::shared_ptr<Link> link = weak.lock(); link != nullptr) link->FallSilent();
      }
      break;
    default:
      break;
  }
}

FaultyHttp::Fate FaultyHttp::FateOf(uint64_t exchange, std::optional<size_t> body_size) {
  Fate fate;
  for (const Fault& fault : schedule_.faults) {
    const bool hit = fault.exchange == exchange;
    switch (fault.kind) {
      case FaultKind::kCutRequest:
        if (hit) fate.cut_request = fault.bytes;
        break;
      case FaultKind::kCutReply:
        if (hit) fate.cut_reply = fault.bytes;
        break;
      case FaultKind::kDouble:
        if (hit) fate.copies.push_back(fault.lasting);
        break;
      case FaultKind::kLate:
        if (hit) {
          fate.lost = true;
          fate.copies.push_back(fault.lasting);
        }
        break;
      case FaultKind::kHold:
        if (hit) fate.request_delay += fault.lasting;
        break;
      case FaultKind::kDelay:
        if (hit) fate.piece_delay += fault.lasting;
        break;
      case FaultKind::kLatency:
        fate.request_delay += fault.lasting;
        fate.piece_delay += fault.lasting;
        break;
      case FaultKind::kBuffer:
        fate.buffered = true;
        break;
      case FaultKind::kCutter:
        fate.cut_after = fault.lasting;
        break;
      case FaultKind::kLimit:
        fate.oversize |= body_size.value_or(0) > fault.bytes;
        if (!body_size) fate.cut_request = std::min<uint64_t>(fate.cut_request, fault.bytes);
        break;
      case FaultKind::kGateway:
      case FaultKind::kGatewayAfter:
        if (!hit) break;
        fate.gateway = true;
        fate.arrives = fault.kind == FaultKind::kGatewayAfter;
        break;
      case FaultKind::kGatewayWhile:
        if (!During(fault)) break;
        fate.gateway = true;
        fate.arrives = false;
        break;
      case FaultKind::kSilenceRequest:
        if (hit) fate.silent = true;
        break;
      case FaultKind::kSilenceReply:
        if (hit) fate.silent_after = fault.bytes;
        break;
      case FaultKind::kSilence:
        fate.silent |= During(fault);
        break;
      case FaultKind::kRefuse:
      case FaultKind::kKill:
        if (!During(fault)) break;
        fate = Fate();
        fate.refused = true;
        return fate;
      case FaultKind::kCutAll:
        break;
    }
  }
  return fate;
}

Awaitable<absl::StatusOr<HttpResponse>> FaultyHttp::Send(HttpRequest request) {
  const uint64_t number = ++exchanges_;
  const bool in_pieces = request.body != nullptr && !request.body->size();
  Fate fate = FateOf(number, std::nullopt);
  std::string body;
  // A proxy that buffers has all of a request before it sends any of it.
  if (!in_pieces || fate.buffered) {
    RUNNEL_CO_ASSIGN_OR_RETURN(
        body, co_await ReadAll(request.body.get(), 64 * 1024 * 1024, "what a FaultyHttp carries"));
    fate = FateOf(number, body.size());
  }
  if (trace_ != nullptr) {
    Trace(absl::StrCat("exchange ", number, ": ", request.target, ", ", body.size(), " bytes",
                       fate.refused ? ", refused" : "", fate.lost ? ", lost" : "",
                       fate.silent ? ", silent" : "", fate.gateway ? ", 502" : "",
                       fate.oversize ? ", 413" : ""));
  }
  const bool whole = !in_pieces || fate.buffered;
  for (absl::Duration delay : fate.copies) {
    if (!whole) break;
    copies_.Spawn(Copy(http_, clock_, Clone(request, body), delay));
  }
  // No network answers before it was asked.
  const absl::Status asked = co_await SleepFor(clock_, absl::ZeroDuration());
  if (!asked.ok()) co_return asked;
  if (fate.refused) {
    co_return NotSent(absl::UnavailableError("the connection was refused (a fault)"));
  }
  if (fate.lost) co_return Broken();
  if (fate.oversize) co_return Page(413, "413 Request Entity Too Large");
  if (fate.gateway && !fate.arrives) co_return Page(502, "502 Bad Gateway");

  auto link = std::make_shared<Link>(executor_, clock_);
  links_.emplace(number, link);
  std::erase_if(links_, [](const auto& one) { return one.second.expired(); });
  if (fate.cut_after != absl::InfiniteDuration()) {
    link->cutter = clock_.CallAfter(executor_, fate.cut_after, [weak = std::weak_ptr<Link>(link)] {
      const std::shared_ptr<Link> cut = weak.lock();
      if (cut != nullptr) cut->Break(Broken());
    });
  }
  if (fate.silent) {
    link->FallSilent();
  } else {
    HttpRequest passed = Clone(request, body);
    if (!whole) {
      passed.body = std::make_unique<PassedBody>(std::move(request.body), link, fate.piece_delay);
    }
    link->tasks.Spawn(Carry(link, http_, clock_, std::move(passed), fate));
  }
  while (!link->answered && link->error.ok()) {
    const absl::Status waited = co_await link->changed.Wait();
    if (waited.ok()) continue;
    link->Abandon();
    co_return absl::CancelledError("cancelled while waiting for the response");
  }
  if (!link->answered) co_return link->error;
  HttpResponse response;
  response.status = link->head.status;
  response.headers = std::move(link->head.headers);
  response.body = std::make_unique<LinkBody>(link);
  co_return response;
}

Awaitable<void> FaultyHttp::Carry(std::shared_ptr<Link> link, runnel::InProcessHttp& http,
                                  runnel::Clock& clock, HttpRequest request, Fate fate) {
  const absl::Status arrived = co_await SleepFor(clock, fate.request_delay);
  if (!arrived.ok() || link->over) co_return;
  // What has not arrived when its connection falls silent never does.
  if (link->silent) co_return;
  if (fate.cut_request == 0) {
    link->Break(Broken());
    co_return;
  }
  runnel::InProcessCut cut;
  if (fate.cut_request != UINT64_MAX) cut.request_bytes = fate.cut_request;
  http.CutNext(cut);
  absl::StatusOr<HttpResponse> response = co_await http.Send(std::move(request));
  if (link->over) co_return;
  if (!response.ok()) {
    link->Break(Broken());
    co_return;
  }
  if (fate.gateway) response = Page(502, "502 Bad Gateway");
  if (fate.cut_reply == 0) {
    link->Break(Broken());
    co_return;
  }
  if (fate.silent_after == 0) link->FallSilent();
  const absl::Status head_arrived = co_await SleepFor(clock, fate.piece_delay);
  if (!head_arrived.ok() || link->over) co_return;

  const std::unique_ptr<HttpBody> body = std::move(response->body);
  if (!fate.buffered && !link->silent) link->Answer(*std::move(response));
  std::string kept;
  uint64_t passed = 0;
  while (body != nullptr) {
    absl::StatusOr<std::optional<std::string_view>> read = co_await body->Read();
    if (link->over) co_return;
    if (!read.ok()) {
      link->Break(Broken());
      co_return;
    }
    if (!read->has_value()) break;
    std::string piece(**read);
    if (fate.piece_delay > absl::ZeroDuration()) {
      const absl::Status piece_arrived = co_await SleepFor(clock, fate.piece_delay);
      if (!piece_arrived.ok() || link->over) co_return;
    }
    const uint64_t end = std::min(fate.cut_reply, fate.silent_after);
    const bool last = passed + piece.size() >= end;
    if (last) piece.resize(std::min<uint64_t>(piece.size(), end - std::min(end, passed)));
    passed += (*read)->size();
    if (fate.buffered) {
      kept += piece;
    } else {
      link->Push(piece);
    }
    if (last && fate.cut_reply <= fate.silent_after) {
      link->Break(Broken());
      co_return;
    }
    if (last) link->FallSilent();
    // A slow client stops the server; so does one that is gone without a word.
    while (link->queued >= kPipeBytes || (link->silent && passed >= kPipeBytes)) {
      const absl::Status waited = co_await link->changed.Wait();
      if (!waited.ok() || link->over) co_return;
    }
  }
  if (link->silent) co_return;
  if (fate.buffered) {
    link->Answer(*std::move(response));
    link->Push(kept);
  }
  link->ended = true;
  link->cutter.reset();
  link->changed.Notify();
}

// The copy is processed, and its response lost.
Awaitable<void> FaultyHttp::Copy(runnel::InProcessHttp& http, runnel::Clock& clock,
                                 HttpRequest request, absl::Duration delay) {
  const absl::Status slept = co_await SleepFor(clock, delay);
  if (!slept.ok()) co_return;
  const absl::StatusOr<HttpResponse> response = co_await http.Send(std::move(request));
  response.status().IgnoreError();
}

}  // namespace fault
