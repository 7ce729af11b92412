#include "services/examples/shared/server_flags.h"

#include <string>
#include <vector>

#include "absl/flags/flag.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:8080", "address to serve at; port 0 takes a free one");
ABSL_FLAG(std::vector<std::string>, allow_origin, {},
          "origins of pages that may call too, such as http://localhost:5173");

namespace examples {

runnel::ServerOptions ServerOptionsOfFlags() {
  runnel::ServerOptions options;
  options.listen = absl::GetFlag(FLAGS_listen);
  options.origins.allowed_origins = absl::GetFlag(FLAGS_allow_origin);
  return options;
}

}  // namespace examples
