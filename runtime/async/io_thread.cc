#include "runtime/async/io_thread.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace runnel {

struct IoThread::Loop {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(context);
  std::promise<void> ended;
  std::thread thread;
};

IoThread::IoThread() : loop_(std::make_unique<Loop>()) {
  loop_->thread = std::thread([loop = loop_.get()] {
    loop->context.run();
    loop->ended.set_value();
  });
}

IoThread::~IoThread() {
  loop_->work.reset();
  if (loop_->ended.get_future().wait_for(std::chrono::seconds(1)) != std::future_status::ready) {
    loop_->context.stop();
  }
  loop_->thread.join();
}

Executor IoThread::executor() const { return loop_->context.get_executor(); }

void IoThread::CheckNotOnLoop() const {
  if (std::this_thread::get_id() != loop_->thread.get_id()) return;
  std::fputs(
      "IoThread::BlockOn was called on its own event loop, where it would wait for itself for "
      "ever: co_await the task instead\n",
      stderr);
  std::abort();
}

}  // namespace runnel
