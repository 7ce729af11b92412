#include "tools/cli/interrupt.h"

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <utility>

namespace runnel::cli {

struct Interrupt::State {
  State(const Executor& executor, std::function<void()> t)
      : signals(executor, SIGINT, SIGTERM), tell(std::move(t)) {}

  asio::signal_set signals;
  std::function<void()> tell;
};

namespace {

// On the loop: a signal that has come already finds nobody to tell.
Awaitable<bool> Forget(std::function<void()>& tell, asio::signal_set& signals) {
  tell = nullptr;
  signals.cancel();
  co_return true;
}

}  // namespace

Interrupt::Interrupt(IoThread& io, std::function<void()> tell)
    : io_(io), state_(std::make_shared<State>(io.executor(), std::move(tell))) {
  state_->signals.async_wait([state = state_](const auto& error, int) {
    if (error || !state->tell) return;
    state->signals.clear();
    state->tell();
  });
}

Interrupt::~Interrupt() { io_.BlockOn(Forget(state_->tell, state_->signals)); }

}  // namespace runnel::cli
