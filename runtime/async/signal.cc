#include "runtime/async/signal.h"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

namespace runnel {
namespace {

enum class Outcome { kNotified, kCancelled, kTimedOut };

// A node of a circular list of waiters; the list's head is a Link too.
struct Link {
  Link() : previous(this), next(this) {}
  ~Link() { Unlink(); }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  bool linked() const { return next != this; }
  void Unlink() {
    previous->next = next;
    next->previous = previous;
    previous = next = this;
  }
  void InsertBefore(Link& position) {
    previous = position.previous;
    next = &position;
    previous->next = this;
    position.previous = this;
  }

  Link* previous;
  Link* next;
};

struct Waiter;

struct SignalLink : Link {
  Waiter* waiter = nullptr;
};
struct ContextLink : Link {
  Waiter* waiter = nullptr;
};

// One coroutine that waits. Deletes itself when it completes.
struct Waiter {
  Waiter() { in_signal.waiter = in_context.waiter = this; }
  virtual ~Waiter() = default;
  // Takes the waiter out of its lists and resumes the coroutine from the loop.
  virtual void Complete(Outcome outcome) = 0;
  // The same, inside this call.
  virtual void CompleteNow(Outcome outcome) = 0;
  // Takes the waiter out of its lists and destroys the coroutine.
  virtual void Abandon() = 0;

  SignalLink in_signal;
  ContextLink in_context;
  Waiter** self = nullptr;  // in the coroutine's frame: null again once it is complete
};

// Knows every waiter of an event loop, so that a loop that is destroyed frees the
// coroutines that still wait on it, as it does for those that wait on its timers and sockets.
class WaiterService : public asio::execution_context::service {
 public:
  static inline asio::execution_context::id id;

  explicit WaiterService(asio::execution_context& context) : service(context) {}

  void Add(Waiter& waiter) { waiter.in_context.InsertBefore(head_); }

 private:
  void shutdown() override {
    while (head_.linked()) static_cast<ContextLink*>(head_.next)->waiter->Abandon();
  }

  Link head_;
};

template <typename Handler>
struct HandlerWaiter final : Waiter {
  explicit HandlerWaiter(Handler h) : handler(std::move(h)) {}

  void Complete(Outcome outcome) override {
    if (self != nullptr) *self = nullptr;
    Handler resumed = Release();
    auto executor = asio::get_associated_executor(resumed);
    asio::post(executor,
               [resumed = std::move(resumed), outcome]() mutable { std::move(resumed)(outcome); });
  }

  void CompleteNow(Outcome outcome) override {
    if (self != nullptr) *self = nullptr;
    Handler resumed = Release();
    std::move(resumed)(outcome);
  }

  void Abandon() override { Handler destroyed = Release(); }

  // Frees the waiter before its handler, whose end may reach the lists again.
  Handler Release() {
    asio::get_associated_cancellation_slot(handler).clear();
    Handler released = std::move(handler);
    delete this;
    return released;
  }

  Handler handler;
};

// Waits in the list `head`, once awaited. While it does, `*self` is the waiter, for whoever wants
// to complete it with another outcome.
auto WaitIn(Link& head, Waiter** self) {
  return asio::async_initiate<const asio::deferred_t, void(Outcome)>(
      [&head, self](auto handler) {
        auto executor = asio::get_associated_executor(handler);
        auto* waiter = new HandlerWaiter<decltype(handler)>(std::move(handler));
        waiter->in_signal.InsertBefore(head);
        asio::use_service<WaiterService>(asio::query(executor, asio::execution::context))
            .Add(*waiter);
        waiter->self = self;
        if (self != nullptr) *self = waiter;
        auto slot = asio::get_associated_cancellation_slot(waiter->handler);
        if (slot.is_connected()) {
          slot.assign([waiter](asio::cancellation_type) { waiter->Complete(Outcome::kCancelled); });
        }
      },
      asio::deferred);
}

absl::Status StatusOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kNotified:
      return absl::OkStatus();
    case Outcome::kTimedOut:
      return absl::DeadlineExceededError("the wait took too long");
    case Outcome::kCancelled:
      break;
  }
  return absl::CancelledError("the wait was cancelled");
}

}  // namespace

struct Signal::Waiters {
  void CompleteAll(Outcome outcome) {
    while (head.linked()) static_cast<SignalLink*>(head.next)->waiter->Complete(outcome);
  }

  Link head;
};

Signal::~Signal() {
  if (waiters_ != nullptr) waiters_->CompleteAll(Outcome::kCancelled);
}

void Signal::Notify() {
  if (waiters_ != nullptr) waiters_->CompleteAll(Outcome::kNotified);
}

void Signal::NotifyNow() {
  if (waiters_ == nullptr || !waiters_->head.linked()) return;
  // Those who wait again while we are at it wait for the next time.
  Link now;
  now.InsertBefore(waiters_->head);
  waiters_->head.Unlink();
  while (now.linked()) static_cast<SignalLink*>(now.next)->waiter->CompleteNow(Outcome::kNotified);
}

bool Signal::has_waiters() const { return waiters_ != nullptr && waiters_->head.linked(); }

std::shared_ptr<Signal::Waiters> Signal::waiters() {
  if (waiters_ == nullptr) waiters_ = std::make_shared<Waiters>();
  return waiters_;
}

Awaitable<absl::Status> Signal::Wait() {
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != asio::cancellation_type::none) {
    co_return StatusOf(Outcome::kCancelled);
  }
  const std::shared_ptr<Waiters> all = waiters();  // the signal may be gone before we resume
  const Outcome outcome = co_await WaitIn(all->head, nullptr);
  co_return StatusOf(outcome);
}

Awaitable<absl::Status> Signal::WaitUntil(Clock& clock, absl::Time deadline) {
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != asio::cancellation_type::none) {
    co_return StatusOf(Outcome::kCancelled);
  }
  if (deadline == absl::InfiniteFuture()) co_return co_await Wait();
  const std::shared_ptr<Waiters> all = waiters();
  Waiter* self = nullptr;
  const Executor executor = co_await asio::this_coro::executor;
  std::unique_ptr<Timer> timer = clock.CallAt(executor, deadline, [&self] {
    if (self != nullptr) self->Complete(Outcome::kTimedOut);
  });
  const Outcome outcome = co_await WaitIn(all->head, &self);
  co_return StatusOf(outcome);
}

}  // namespace runnel
