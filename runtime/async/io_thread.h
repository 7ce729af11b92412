// IoThread is an event loop with a thread of its own, for programs that have none. With it
// any coroutine can also be used from ordinary, blocking code:
//
//   runnel::IoThread io;
//   Chat::Stub chat(runnel::Channel::Connect(io.executor(), "http://127.0.0.1:8080"));
//   absl::StatusOr<PostResponse> reply = io.BlockOn(chat.Post(request));

#ifndef RUNNEL_RUNTIME_ASYNC_IO_THREAD_H_
#define RUNNEL_RUNTIME_ASYNC_IO_THREAD_H_

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <memory>
#include <utility>

#include "runtime/async/awaitable.h"
#include "runtime/async/on_executor.h"

namespace runnel {

// Thread-safe. Create it before, and so destroy it after, whatever uses its executor.
class IoThread {
 public:
  IoThread();
  // Lets tasks that are already being cancelled end (for up to a second), then stops the loop.
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  Executor executor() const;

  // Runs `task` on the loop and waits for its result. Never call it on the loop itself:
  // that would wait for itself, so it ends the program with a message.
  template <typename T>
  T BlockOn(Awaitable<T> task) {
    CheckNotOnLoop();
    return asio::co_spawn(executor(), async_internal::WithoutThrowing(std::move(task)),
                          asio::use_future)
        .get();
  }

 private:
  void CheckNotOnLoop() const;

  struct Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_ASYNC_IO_THREAD_H_
