// MessagesService answers with sentences that a Markov chain makes up (markov_text.h), and says so:
// its only model is called "markov-alice".

#ifndef SERVICES_EXAMPLES_MESSAGES_MESSAGES_SERVICE_H_
#define SERVICES_EXAMPLES_MESSAGES_MESSAGES_SERVICE_H_

#include "runnel/server.h"
#include "services/examples/markov/answer_options.h"
#include "services/examples/markov/markov_text.h"
#include "services/examples/messages/messages.runnel.h"

namespace examples::messages {

// Has no state that changes, so calls on several loops do not meet.
class MessagesService : public v1::Messages::Service {
 public:
  explicit MessagesService(markov::AnswerOptions options = {})
      : options_(options), text_(markov::AliceText()) {}

  runnel::Awaitable<absl::StatusOr<v1::Message>> Create(runnel::ServerContext& context,
                                                        const v1::CreateRequest& request) override;
  runnel::Awaitable<absl::Status> Stream(runnel::ServerContext& context,
                                         const v1::CreateRequest& request,
                                         runnel::Writer<v1::StreamEvent>& writer) override;

 private:
  // The words as events; how many there were.
  runnel::Awaitable<absl::StatusOr<int>> WriteWords(runnel::ServerContext& context,
                                                    const v1::CreateRequest& request,
                                                    markov::MarkovText::Answer& answer,
                                                    runnel::Writer<v1::StreamEvent>& writer);

  const markov::AnswerOptions options_;
  const markov::MarkovText text_;
};

}  // namespace examples::messages

#endif  // SERVICES_EXAMPLES_MESSAGES_MESSAGES_SERVICE_H_
