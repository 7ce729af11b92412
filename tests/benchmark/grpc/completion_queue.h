// Coroutines on a gRPC completion queue: an operation is started with a tag, and awaited.
//
//   const bool ok = co_await Operation([&](void* tag) { reader->Read(&tick, tag); });

#ifndef RUNNEL_TESTS_BENCHMARK_GRPC_COMPLETION_QUEUE_H_
#define RUNNEL_TESTS_BENCHMARK_GRPC_COMPLETION_QUEUE_H_

#include <grpcpp/completion_queue.h>

#include <coroutine>
#include <exception>

namespace runnel::benchmark {

// A coroutine that runs by itself and frees itself at its end.
struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

struct Waiting {
  std::coroutine_handle<> coroutine;
  bool ok = false;
};

// Awaited once. `start` begins one operation with the tag it is given; the result is its `ok`.
template <typename Start>
class Operation {
 public:
  explicit Operation(Start start) : start_(start) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) {
    waiting_.coroutine = coroutine;
    start_(static_cast<void*>(&waiting_));
  }
  bool await_resume() const { return waiting_.ok; }

 private:
  Start start_;
  Waiting waiting_;
};

// Resumes who waits for what `queue` completes, one after the other, until `over()` or until the
// queue is shut down.
template <typename Over>
void RunUntil(grpc::CompletionQueue& queue, Over over) {
  void* tag = nullptr;
  bool ok = false;
  while (!over() && queue.Next(&tag, &ok)) {
    Waiting* waiting = static_cast<Waiting*>(tag);
    waiting->ok = ok;
    waiting->coroutine.resume();
  }
}

}  // namespace runnel::benchmark

#endif  // RUNNEL_TESTS_BENCHMARK_GRPC_COMPLETION_QUEUE_H_
