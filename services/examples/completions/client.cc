// Asks for a chat completion, of the example's server or of any that has OpenAI's API, and prints
// it word by word:
//
//   bazel run //services/examples/completions:client -- --prompt="Where is the rabbit?"
//
// The API key, where one is needed, is in the environment: OPENAI_API_KEY.

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "absl/flags/flag.h"
#include "absl/time/time.h"
#include "runnel/api_channel.h"
#include "services/examples/completions/completions.runnel.h"
#include "services/examples/shared/client_exit.h"
#include "services/examples/shared/flags.h"

ABSL_FLAG(std::string, server, "http://127.0.0.1:8080", "URL of the server");
ABSL_FLAG(std::string, model, "markov-alice", "the model's name there");
ABSL_FLAG(std::string, prompt, "Down the rabbit-hole", "what to say");
ABSL_FLAG(bool, stream, true, "print words as they come, rather than all at the end");
ABSL_FLAG(std::optional<uint32_t>, seed, std::nullopt, "for the same answer every time");
ABSL_FLAG(int, max_tokens, 0, "the length of the answer; 0: its own affair");

namespace {

namespace v1 = examples::completions::v1;

absl::Status Print(runnel::IoThread& io, v1::Completions::Stub& api,
                   const v1::CreateRequest& request) {
  if (!absl::GetFlag(FLAGS_stream)) {
    RUNNEL_ASSIGN_OR_RETURN(const v1::Completion completion, io.BlockOn(api.Create(request)));
    for (const v1::Completion::Choice& choice : completion.choices()) {
      std::printf("%s\n", choice.message().content().c_str());
    }
    return absl::OkStatus();
  }
  auto chunks = api.Stream(request);
  while (true) {
    RUNNEL_ASSIGN_OR_RETURN(const std::optional<v1::Chunk> chunk, io.BlockOn(chunks.Read()));
    if (!chunk) break;
    for (const v1::Chunk::Choice& choice : chunk->choices()) {
      std::printf("%s", choice.delta().content().c_str());
      std::fflush(stdout);
    }
  }
  std::printf("\n");
  return absl::OkStatus();
}

absl::Status Ask(const std::string& server) {
  runnel::IoThread io;
  runnel::ApiChannelOptions options;
  if (const char* key = std::getenv("OPENAI_API_KEY")) {
    options.headers.Add("authorization", std::string("Bearer ") + key);
  }
  v1::Completions::Stub api(runnel::ApiChannel::Connect(io.executor(), server, options));
  v1::CreateRequest request;
  request.set_model(absl::GetFlag(FLAGS_model));
  v1::Message& message = *request.add_messages();
  message.set_role("user");
  message.mutable_content()->set_string_value(absl::GetFlag(FLAGS_prompt));
  if (absl::GetFlag(FLAGS_seed)) request.set_seed(*absl::GetFlag(FLAGS_seed));
  if (absl::GetFlag(FLAGS_max_tokens) > 0) request.set_max_tokens(absl::GetFlag(FLAGS_max_tokens));
  return Print(io, api, request);
}

}  // namespace

int main(int argc, char** argv) {
  examples::ParseFlags(argc, argv, "Asks a server for a chat completion.");
  const std::string server = absl::GetFlag(FLAGS_server);
  return examples::ExitCode(Ask(server), absl::InfiniteDuration(), server,
                            "//services/examples/completions:server");
}
