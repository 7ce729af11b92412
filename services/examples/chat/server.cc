// Lets people talk in rooms, until it is interrupted:
//
//   bazel run //services/examples/chat:server

#include "runnel/server.h"

#include <cstdio>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "services/examples/chat/chat_service.h"
#include "services/examples/shared/flags.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:8080", "address to serve at; port 0 takes a free one");
ABSL_FLAG(std::vector<std::string>, allow_origin, {},
          "origins of pages that may call too, such as http://localhost:5173");

int main(int argc, char** argv) {
  examples::ParseFlags(argc, argv, "Lets people talk in rooms.");

  examples::chat::ChatService chat;
  runnel::ServerOptions options;
  options.listen = absl::GetFlag(FLAGS_listen);
  options.origins.allowed_origins = absl::GetFlag(FLAGS_allow_origin);
  runnel::Server server(options);
  absl::Status status = server.AddService(chat);
  if (status.ok()) status = server.Start();
  if (!status.ok()) {
    std::fprintf(stderr, "error: %s\n", status.ToString().c_str());
    return 1;
  }
  std::printf("chat serves at %s\n", server.url().c_str());
  std::fflush(stdout);
  runnel::ServeUntilSignalled(server);
}
