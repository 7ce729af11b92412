// What the servers of the examples that answer with a MarkovText can be told.

#ifndef SERVICES_EXAMPLES_MARKOV_ANSWER_OPTIONS_H_
#define SERVICES_EXAMPLES_MARKOV_ANSWER_OPTIONS_H_

#include <functional>

#include "absl/time/time.h"

namespace examples::markov {

struct AnswerOptions {
  AnswerOptions() = default;

  // Between two words of a stream, as if they took thought.
  absl::Duration pause = absl::ZeroDuration();
  // Streams break with UNAVAILABLE after so many words, so that one can see how a client takes it;
  // 0: they do not.
  int break_after = 0;
  // Told how many words there were when a client has not waited for the rest.
  std::function<void(int words)> on_cancelled;
};

}  // namespace examples::markov

#endif  // SERVICES_EXAMPLES_MARKOV_ANSWER_OPTIONS_H_
