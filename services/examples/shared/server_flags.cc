#include "services/examples/shared/server_flags.h"

#include <string>
#include <vector>

#include "absl/flags/flag.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:8080", "address to serve at; port 0 takes a free one");
ABSL_FLAG(std::vector<std::string>, allow_origin, {},
          "origins of pages that may call too, such as http://localhost:5173");
ABSL_FLAG(std::string, console, "loopback",
          "the page at /console/ that calls the services: \"loopback\" serves it where only this "
          "machine can reach it, \"everywhere\" wherever the server is, \"off\" nowhere");

namespace examples {

runnel::ServerOptions ServerOptionsOfFlags() {
  runnel::ServerOptions options;
  options.listen = absl::GetFlag(FLAGS_listen);
  options.origins.allowed_origins = absl::GetFlag(FLAGS_allow_origin);
  return options;
}

absl::Status ConsoleOfFlags::AddTo(runnel::Server& server) {
  const std::string where = absl::GetFlag(FLAGS_console);
  if (where == "off") return absl::OkStatus();
  if (where != "loopback" && where != "everywhere") {
    return absl::InvalidArgumentError("--console is loopback, everywhere or off");
  }
  runnel::ConsoleOptions options;
  options.beyond_loopback = where == "everywhere";
  handler_.emplace(options);
  return handler_->AddTo(server);
}

}  // namespace examples
