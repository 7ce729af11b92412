#include "services/examples/messages/messages_service.h"

#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "services/examples/markov/prompt_text.h"

namespace examples::messages {
namespace {

constexpr int kMostWords = 4000;

absl::StatusOr<std::string> ReadPrompt(const v1::CreateRequest& request) {
  if (request.model() != markov::kModelName) {
    return absl::NotFoundError(absl::StrCat("there is no model \"", request.model(),
                                            "\"; the only one is \"", markov::kModelName,
                                            "\", a Markov chain"));
  }
  if (request.messages().empty()) return absl::InvalidArgumentError("there are no messages");
  if (request.max_tokens() < 1 || request.max_tokens() > kMostWords) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_tokens is ", request.max_tokens(), "; it can be 1 to ", kMostWords));
  }
  std::string prompt;
  for (const v1::CreateRequest::Turn& turn : request.messages()) {
    RUNNEL_ASSIGN_OR_RETURN(const std::string text, markov::PromptText(turn.content()));
    absl::StrAppend(&prompt, text, " ");
  }
  return prompt;
}

v1::Message NewMessage(const std::string& prompt) {
  v1::Message message;
  message.set_id(absl::StrCat("msg_", absl::Hex(std::random_device()())));
  message.set_type("message");
  message.set_role("assistant");
  message.set_model(markov::kModelName);
  message.mutable_content();
  message.mutable_usage()->set_input_tokens(static_cast<int>(markov::CountWords(prompt)));
  message.mutable_usage()->set_output_tokens(0);
  return message;
}

}  // namespace

runnel::Awaitable<absl::StatusOr<v1::Message>> MessagesService::Create(
    runnel::ServerContext&, const v1::CreateRequest& request) {
  RUNNEL_CO_ASSIGN_OR_RETURN(const std::string prompt, ReadPrompt(request));
  markov::MarkovText::Answer answer(text_, prompt, std::random_device()());
  std::string text;
  int words = 0;
  for (; words < request.max_tokens() && !answer.done(); ++words) text += answer.Next();
  v1::Message message = NewMessage(prompt);
  auto& block = *message.mutable_content()->add_values()->mutable_struct_value();
  (*block.mutable_fields())["type"].set_string_value("text");
  (*block.mutable_fields())["text"].set_string_value(text);
  message.set_stop_reason(answer.done() ? "end_turn" : "max_tokens");
  message.mutable_usage()->set_output_tokens(words);
  co_return message;
}

runnel::Awaitable<absl::StatusOr<int>> MessagesService::WriteWords(
    runnel::ServerContext& context, const v1::CreateRequest& request,
    markov::MarkovText::Answer& answer, runnel::Writer<v1::StreamEvent>& writer) {
  v1::StreamEvent event;
  v1::BlockDelta& delta = *event.mutable_content_block_delta();
  delta.set_index(0);
  delta.mutable_delta()->set_type("text_delta");
  int words = 0;
  for (; words < request.max_tokens() && !answer.done(); ++words) {
    if (options_.break_after > 0 && words == options_.break_after) {
      co_return absl::UnavailableError(
          absl::StrCat("this server breaks streams after ", words, " words"));
    }
    delta.mutable_delta()->set_text(answer.Next());
    absl::Status written = co_await writer.Write(event);
    if (written.ok() && options_.pause > absl::ZeroDuration()) {
      written = co_await context.Sleep(options_.pause);
    }
    if (context.IsCancelled() && options_.on_cancelled) options_.on_cancelled(words);
    if (!written.ok()) co_return written;
  }
  co_return words;
}

runnel::Awaitable<absl::Status> MessagesService::Stream(runnel::ServerContext& context,
                                                        const v1::CreateRequest& request,
                                                        runnel::Writer<v1::StreamEvent>& writer) {
  RUNNEL_CO_ASSIGN_OR_RETURN(const std::string prompt, ReadPrompt(request));
  markov::MarkovText::Answer answer(text_, prompt, std::random_device()());
  v1::StreamEvent event;
  *event.mutable_message_start()->mutable_message() = NewMessage(prompt);
  RUNNEL_CO_RETURN_IF_ERROR(co_await writer.Write(event));
  v1::BlockStart& start = *event.mutable_content_block_start();
  start.set_index(0);
  start.mutable_content_block()->set_type("text");
  start.mutable_content_block()->set_text("");
  RUNNEL_CO_RETURN_IF_ERROR(co_await writer.Write(event));
  event.mutable_ping();
  RUNNEL_CO_RETURN_IF_ERROR(co_await writer.Write(event));

  RUNNEL_CO_ASSIGN_OR_RETURN(const int words,
                             co_await WriteWords(context, request, answer, writer));

  event.mutable_content_block_stop()->set_index(0);
  RUNNEL_CO_RETURN_IF_ERROR(co_await writer.Write(event));
  v1::MessageDelta& delta = *event.mutable_message_delta();
  delta.mutable_delta()->set_stop_reason(answer.done() ? "end_turn" : "max_tokens");
  delta.mutable_usage()->set_output_tokens(words);
  RUNNEL_CO_RETURN_IF_ERROR(co_await writer.Write(event));
  event.mutable_message_stop();
  co_return co_await writer.Write(event);
}

}  // namespace examples::messages
