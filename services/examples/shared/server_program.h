// ServerProgram is the main() of the examples' servers: flags, the services that every server has
// (descriptors, health), the console, and serving until somebody interrupts it.

#ifndef SERVICES_EXAMPLES_SHARED_SERVER_PROGRAM_H_
#define SERVICES_EXAMPLES_SHARED_SERVER_PROGRAM_H_

#include <functional>
#include <string>
#include <vector>

#include "runnel/server.h"

namespace examples {

class ServerProgram {
 public:
  // Reads the flags, and the variables RUNNEL_LISTEN and so on beside them; `purpose` is what
  // --help says first. Wrong ones end the program.
  ServerProgram(int argc, char** argv, std::string name, const std::string& purpose);

  // For what an example has of its own, before Serve.
  runnel::ServerOptions& options() { return options_; }

  // Returns the program's exit code. `started` is called before the program says where it serves.
  int Serve(const std::vector<runnel::Service*>& services,
            const std::function<void(const runnel::Server&)>& started = nullptr);

 private:
  std::string name_;
  runnel::ServerOptions options_;
};

// Says what is wrong. Returns the exit code for it.
int Fail(const absl::Status& status);

}  // namespace examples

#endif  // SERVICES_EXAMPLES_SHARED_SERVER_PROGRAM_H_
