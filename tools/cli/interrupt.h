// Interrupt is Ctrl-C, and SIGTERM, as something that a call can be told of: a call that is simply
// gone would live on at the server for a while, on a session.

#ifndef TOOLS_CLI_INTERRUPT_H_
#define TOOLS_CLI_INTERRUPT_H_

#include <functional>
#include <memory>

#include "runtime/async/io_thread.h"

namespace runnel::cli {

class Interrupt {
 public:
  // `tell` is called once, on the loop. The second signal ends the program, as if there were no
  // Interrupt.
  Interrupt(IoThread& io, std::function<void()> tell);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

 private:
  struct State;
  IoThread& io_;
  std::shared_ptr<State> state_;
};

}  // namespace runnel::cli

#endif  // TOOLS_CLI_INTERRUPT_H_
