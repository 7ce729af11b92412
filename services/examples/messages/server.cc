// Serves messages as Anthropic's API has them, made up by a Markov chain, until it is
// interrupted:
//
//   bazel run //services/examples/messages:server -- --pause=50ms

#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "services/examples/markov/key_check.h"
#include "services/examples/messages/messages_service.h"
#include "services/examples/shared/server_program.h"

ABSL_FLAG(std::string, key, "", "API key that clients have to show; empty: none");
ABSL_FLAG(absl::Duration, pause, absl::Milliseconds(20), "between two words of a stream");
ABSL_FLAG(int, break_after, 0, "break streams after so many words; 0: never");

int main(int argc, char** argv) {
  examples::ServerProgram program(argc, argv, "messages",
                                  "Serves messages made up by a Markov chain.");

  examples::markov::AnswerOptions answers;
  answers.pause = absl::GetFlag(FLAGS_pause);
  answers.break_after = absl::GetFlag(FLAGS_break_after);
  answers.on_cancelled = [](int words) {
    std::printf("a client has gone away after %d words\n", words);
    std::fflush(stdout);
  };
  examples::messages::MessagesService messages(answers);
  if (const std::string key = absl::GetFlag(FLAGS_key); !key.empty()) {
    if (program.options().authenticate) {
      return examples::Fail(absl::InvalidArgumentError("--key and --auth exclude each other"));
    }
    program.options().authenticate = examples::markov::RequireKey(key, "x-api-key", "");
  }
  return program.Serve({&messages});
}
