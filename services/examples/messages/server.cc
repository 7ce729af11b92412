// Serves messages as Anthropic's API has them, made up by a Markov chain, until it is
// interrupted:
//
//   bazel run //services/examples/messages:server -- --pause=50ms

#include "runnel/server.h"

#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "services/examples/markov/key_check.h"
#include "services/examples/messages/messages_service.h"
#include "services/examples/shared/flags.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:8080", "address to serve at; port 0 takes a free one");
ABSL_FLAG(std::string, key, "", "API key that clients have to show; empty: none");
ABSL_FLAG(absl::Duration, pause, absl::Milliseconds(20), "between two words of a stream");
ABSL_FLAG(int, break_after, 0, "break streams after so many words; 0: never");

int main(int argc, char** argv) {
  examples::ParseFlags(argc, argv, "Serves messages made up by a Markov chain.");

  examples::markov::AnswerOptions answers;
  answers.pause = absl::GetFlag(FLAGS_pause);
  answers.break_after = absl::GetFlag(FLAGS_break_after);
  answers.on_cancelled = [](int words) {
    std::printf("a client has gone away after %d words\n", words);
    std::fflush(stdout);
  };
  examples::messages::MessagesService messages(answers);
  runnel::ServerOptions options;
  options.listen = absl::GetFlag(FLAGS_listen);
  options.authenticate = examples::markov::RequireKey(absl::GetFlag(FLAGS_key), "x-api-key", "");
  runnel::Server server(options);
  absl::Status status = server.AddService(messages);
  if (status.ok()) status = server.Start();
  if (!status.ok()) {
    std::fprintf(stderr, "error: %s\n", status.ToString().c_str());
    return 1;
  }
  std::printf("messages serves at %s\n", server.url().c_str());
  std::fflush(stdout);
  runnel::ServeUntilSignalled(server);
}
