// Asks for a message, of the example's server or of any that has Anthropic's API, and prints it
// word by word:
//
//   bazel run //services/examples/messages:client -- --prompt="Where is the rabbit?"
//
// The API key, where one is needed, is in the environment: ANTHROPIC_API_KEY.

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "absl/flags/flag.h"
#include "absl/time/time.h"
#include "runnel/api_channel.h"
#include "services/examples/messages/messages.runnel.h"
#include "services/examples/shared/client_exit.h"
#include "services/examples/shared/flags.h"

ABSL_FLAG(std::string, server, "http://127.0.0.1:8080", "URL of the server");
ABSL_FLAG(std::string, model, "markov-alice", "the model's name there");
ABSL_FLAG(std::string, prompt, "Down the rabbit-hole", "what to say");
ABSL_FLAG(bool, stream, true, "print words as they come, rather than all at the end");
ABSL_FLAG(int, max_tokens, 200, "the most that the answer may have");

namespace {

namespace v1 = examples::messages::v1;

absl::Status Print(runnel::IoThread& io, v1::Messages::Stub& api,
                   const v1::CreateRequest& request) {
  if (!absl::GetFlag(FLAGS_stream)) {
    RUNNEL_ASSIGN_OR_RETURN(const v1::Message message, io.BlockOn(api.Create(request)));
    for (const auto& block : message.content().values()) {
      const auto text = block.struct_value().fields().find("text");
      if (text == block.struct_value().fields().end()) continue;
      std::printf("%s\n", text->second.string_value().c_str());
    }
    return absl::OkStatus();
  }
  auto events = api.Stream(request);
  while (true) {
    RUNNEL_ASSIGN_OR_RETURN(const std::optional<v1::StreamEvent> event, io.BlockOn(events.Read()));
    if (!event) break;
    std::printf("%s", event->content_block_delta().delta().text().c_str());
    std::fflush(stdout);
  }
  std::printf("\n");
  return absl::OkStatus();
}

absl::Status Ask(const std::string& server) {
  runnel::IoThread io;
  runnel::ApiChannelOptions options;
  options.headers.Add("anthropic-version", "2023-06-01");
  if (const char* key = std::getenv("ANTHROPIC_API_KEY")) options.headers.Add("x-api-key", key);
  v1::Messages::Stub api(runnel::ApiChannel::Connect(io.executor(), server, options));
  v1::CreateRequest request;
  request.set_model(absl::GetFlag(FLAGS_model));
  request.set_max_tokens(absl::GetFlag(FLAGS_max_tokens));
  v1::CreateRequest::Turn& turn = *request.add_messages();
  turn.set_role("user");
  turn.mutable_content()->set_string_value(absl::GetFlag(FLAGS_prompt));
  return Print(io, api, request);
}

}  // namespace

int main(int argc, char** argv) {
  examples::ParseFlags(argc, argv, "Asks a server for a message.");
  const std::string server = absl::GetFlag(FLAGS_server);
  return examples::ExitCode(Ask(server), absl::InfiniteDuration(), server,
                            "//services/examples/messages:server");
}
