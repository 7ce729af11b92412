// Lets people talk in rooms, until it is interrupted:
//
//   bazel run //services/examples/chat:server

#include "services/examples/chat/chat_service.h"
#include "services/examples/shared/server_program.h"

int main(int argc, char** argv) {
  examples::ServerProgram program(argc, argv, "chat", "Lets people talk in rooms.");
  examples::chat::ChatService chat;
  return program.Serve({&chat});
}
