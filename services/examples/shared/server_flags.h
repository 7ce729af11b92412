// The flags that all servers of the examples have.

#ifndef SERVICES_EXAMPLES_SHARED_SERVER_FLAGS_H_
#define SERVICES_EXAMPLES_SHARED_SERVER_FLAGS_H_

#include <optional>

#include "runnel/console_handler.h"
#include "runnel/server.h"

namespace examples {

// What they say, after ParseFlags. An error names the flag, or what is wrong with the file it
// names.
absl::StatusOr<runnel::ServerOptions> ServerOptionsOfFlags();
absl::Duration DrainGraceOfFlags();

// The console, where --console wants it. Outlives the server.
class ConsoleOfFlags {
 public:
  absl::Status AddTo(runnel::Server& server);

 private:
  std::optional<runnel::ConsoleHandler> handler_;
};

}  // namespace examples

#endif  // SERVICES_EXAMPLES_SHARED_SERVER_FLAGS_H_
