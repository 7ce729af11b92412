// CompletionsService answers with sentences that a Markov chain makes up (markov_text.h), and says
// so: its only model is called "markov-alice".

#ifndef SERVICES_EXAMPLES_COMPLETIONS_COMPLETIONS_SERVICE_H_
#define SERVICES_EXAMPLES_COMPLETIONS_COMPLETIONS_SERVICE_H_

#include "runnel/server.h"
#include "services/examples/completions/completions.runnel.h"
#include "services/examples/markov/answer_options.h"
#include "services/examples/markov/markov_text.h"

namespace examples::completions {

// Has no state that changes, so calls on several loops do not meet.
class CompletionsService : public v1::Completions::Service {
 public:
  explicit CompletionsService(markov::AnswerOptions options = {})
      : options_(options), text_(markov::AliceText()) {}

  runnel::Awaitable<absl::StatusOr<v1::Completion>> Create(
      runnel::ServerContext& context, const v1::CreateRequest& request) override;
  runnel::Awaitable<absl::Status> Stream(runnel::ServerContext& context,
                                         const v1::CreateRequest& request,
                                         runnel::Writer<v1::Chunk>& writer) override;
  runnel::Awaitable<absl::StatusOr<v1::ModelList>> ListModels(
      runnel::ServerContext& context, const v1::ListModelsRequest& request) override;

 private:
  const markov::AnswerOptions options_;
  const markov::MarkovText text_;
};

}  // namespace examples::completions

#endif  // SERVICES_EXAMPLES_COMPLETIONS_COMPLETIONS_SERVICE_H_
