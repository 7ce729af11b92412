#include "runtime/testing/in_process_http.h"

#include <boost/asio/this_coro.hpp>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "runtime/async/signal.h"
#include "runtime/async/task_group.h"

namespace runnel {
namespace {

absl::Status Broken() { return absl::UnavailableError("the in-process connection was cut"); }

// One direction of an exchange: holds the piece that is on its way.
struct Pipe {
  std::string piece;
  bool full = false;
  bool ended = false;
  bool abandoned = false;  // nobody will read any more
  absl::Status error;
  std::optional<uint64_t> cut_after;
  uint64_t passed = 0;
  Signal changed;
};

}  // namespace

struct InProcessHttp::Exchanges {
  std::unordered_set<Exchange*> all;
};

// Its tasks, the client's Send and both bodies own it.
struct InProcessHttp::Exchange : std::enable_shared_from_this<InProcessHttp::Exchange> {
  Exchange(Executor executor, std::shared_ptr<Exchanges> s)
      : siblings(std::move(s)), tasks(std::move(executor)) {
    siblings->all.insert(this);
  }
  ~Exchange() { siblings->all.erase(this); }

  void Cut(absl::Status why) {
    if (over) return;
    over = true;
    for (Pipe* pipe : {&up, &down}) {
      if (!pipe->ended && pipe->error.ok()) pipe->error = why;
      pipe->changed.Notify();
    }
    if (!answered) failure = std::move(why);
    answer.Notify();
    tasks.Cancel();
  }

  static Awaitable<void> Pump(std::shared_ptr<Exchange> self, std::unique_ptr<HttpBody> body,
                              Pipe& pipe) {
    while (!self->over) {
      if (pipe.full && !pipe.abandoned) {
        const absl::Status waited = co_await pipe.changed.Wait();
        waited.IgnoreError();  // the loop sees why
        continue;
      }
      const absl::StatusOr<std::optional<std::string_view>> read = co_await body->Read();
      if (self->over) co_return;
      if (!read.ok()) {
        self->Cut(absl::UnavailableError("the other side of the in-process connection failed"));
        co_return;
      }
      if (!read->has_value()) {
        pipe.ended = true;
        pipe.changed.Notify();
        co_return;
      }
      std::string_view piece = **read;
      bool cut = false;
      if (pipe.cut_after.has_value() && piece.size() >= *pipe.cut_after - pipe.passed) {
        piece = piece.substr(0, *pipe.cut_after - pipe.passed);
        cut = true;
      }
      pipe.passed += piece.size();
      if (!pipe.abandoned && !piece.empty()) {
        pipe.piece.assign(piece);
        pipe.full = true;
        pipe.changed.Notify();
      }
      if (cut) self->Cut(Broken());
    }
  }

  static Awaitable<void> Serve(std::shared_ptr<Exchange> self, HttpHandler& handler,
                               HttpRequest request) {
    HttpResponse response;
    bool threw = false;
    try {
      response = co_await handler.Handle(std::move(request));
    } catch (...) {
      threw = true;
    }
    if (threw) {
      response = HttpResponse();
      response.status = 500;
      response.body = StringBody("the handler of this request threw an exception\n");
    }
    if (self->over) co_return;
    if (self->down.cut_after == uint64_t{0}) {
      self->Cut(Broken());
      co_return;
    }
    self->response.status = response.status;
    self->response.headers = std::move(response.headers);
    self->answered = true;
    self->answer.Notify();
    if (response.body == nullptr) {
      self->Cut(absl::UnavailableError("the exchange has ended"));
      co_return;
    }
    self->response_size = response.body->size();
    self->has_body = true;
    co_await Pump(self, std::move(response.body), self->down);
  }

  const std::shared_ptr<Exchanges> siblings;
  Pipe up;
  Pipe down;
  HttpResponse response;  // without its body
  bool has_body = false;
  std::optional<uint64_t> response_size;
  bool answered = false;
  bool over = false;
  absl::Status failure;
  Signal answer;
  TaskGroup tasks;
};

// The reading end of a pipe.
class InProcessHttp::PipeBody final : public HttpBody {
 public:
  PipeBody(std::shared_ptr<Exchange> exchange, Pipe Exchange::*pipe, std::optional<uint64_t> size)
      : exchange_(std::move(exchange)), pipe_(&(exchange_.get()->*pipe)), size_(size) {}

  ~PipeBody() override {
    pipe_->abandoned = true;
    pipe_->changed.Notify();
    if (is_response() && !finished_) exchange_->Cut(Broken());
  }

  Awaitable<absl::StatusOr<std::optional<std::string_view>>> Read() override {
    std::shared_ptr<Exchange> exchange = exchange_;
    Pipe& pipe = *pipe_;
    for (;;) {
      if (pipe.full) {
        given_.swap(pipe.piece);
        pipe.full = false;
        pipe.changed.Notify();
        co_return std::string_view(given_);
      }
      if (pipe.ended) {
        finished_ = true;
        if (is_response()) exchange->Cut(absl::UnavailableError("the exchange has ended"));
        co_return std::nullopt;
      }
      if (!pipe.error.ok()) co_return pipe.error;
      const absl::Status waited = co_await pipe.changed.Wait();
      if (!waited.ok() && pipe.error.ok()) co_return waited;
    }
  }

  std::optional<uint64_t> size() const override { return size_; }

 private:
  bool is_response() const { return pipe_ == &exchange_->down; }

  const std::shared_ptr<Exchange> exchange_;
  Pipe* const pipe_;
  const std::optional<uint64_t> size_;
  std::string given_;
  bool finished_ = false;
};

InProcessHttp::InProcessHttp(Executor executor, HttpHandler& handler)
    : executor_(std::move(executor)),
      handler_(handler),
      exchanges_(std::make_shared<Exchanges>()) {}

InProcessHttp::~InProcessHttp() = default;

size_t InProcessHttp::open_exchanges() const {
  size_t open = 0;
  for (const Exchange* exchange : exchanges_->all) open += exchange->tasks.size() > 0;
  return open;
}

void InProcessHttp::CutAll() {
  std::vector<std::shared_ptr<Exchange>> all;
  for (Exchange* exchange : exchanges_->all) all.push_back(exchange->shared_from_this());
  for (const auto& exchange : all) exchange->Cut(Broken());
}

Awaitable<absl::StatusOr<HttpResponse>> InProcessHttp::Send(HttpRequest request) {
  ++requests_;
  const InProcessCut cut = std::exchange(next_cut_, {});
  if (cut.request_bytes == uint64_t{0}) co_return Broken();
  auto exchange = std::make_shared<Exchange>(executor_, exchanges_);
  exchange->up.cut_after = cut.request_bytes;
  exchange->down.cut_after = cut.response_bytes;

  std::unique_ptr<HttpBody> body = std::move(request.body);
  if (body != nullptr) {
    request.body = std::make_unique<PipeBody>(exchange, &Exchange::up, body->size());
    exchange->tasks.Spawn(Exchange::Pump(exchange, std::move(body), exchange->up));
  }
  request.peer = "in-process";
  exchange->tasks.Spawn(Exchange::Serve(exchange, handler_, std::move(request)));
  while (!exchange->answered && exchange->failure.ok()) {
    const absl::Status waited = co_await exchange->answer.Wait();
    if (waited.ok() || exchange->answered || !exchange->failure.ok()) continue;
    exchange->Cut(Broken());
    co_return absl::CancelledError("cancelled while waiting for the response");
  }
  if (!exchange->answered) co_return exchange->failure;
  HttpResponse response = std::move(exchange->response);
  if (exchange->has_body) {
    response.body = std::make_unique<PipeBody>(exchange, &Exchange::down, exchange->response_size);
  }
  co_return response;
}

}  // namespace runnel
