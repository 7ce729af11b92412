#include "services/examples/completions/completions_service.h"

#include <algorithm>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/examples/markov/prompt_text.h"

namespace examples::completions {
namespace {

constexpr int kMostWords = 4000;

// What of a request an answer is made of.
struct Task {
  std::string prompt;
  uint32_t seed = 0;
  int most_words = kMostWords;
  bool limited = false;  // by the client, who then gets that much
};

absl::StatusOr<Task> ReadTask(const v1::CreateRequest& request) {
  if (request.model() != markov::kModelName) {
    return absl::NotFoundError(absl::StrCat("there is no model \"", request.model(),
                                            "\"; the only one is \"", markov::kModelName,
                                            "\", a Markov chain"));
  }
  if (request.messages().empty()) return absl::InvalidArgumentError("there are no messages");
  Task task;
  for (const v1::Message& message : request.messages()) {
    RUNNEL_ASSIGN_OR_RETURN(const std::string text, markov::PromptText(message.content()));
    absl::StrAppend(&task.prompt, text, " ");
  }
  task.seed = request.has_seed() ? request.seed() : std::random_device()();
  if (request.has_max_tokens() || request.has_max_completion_tokens()) {
    const int most = request.has_max_completion_tokens() ? request.max_completion_tokens()
                                                         : request.max_tokens();
    if (most < 1) return absl::InvalidArgumentError("max_tokens is less than 1");
    task.most_words = std::min(most, kMostWords);
    task.limited = true;
  }
  return task;
}

std::string NewId() { return absl::StrCat("chatcmpl-", absl::Hex(std::random_device()())); }
uint32_t Now() { return static_cast<uint32_t>(absl::ToUnixSeconds(absl::Now())); }

}  // namespace

runnel::Awaitable<absl::StatusOr<v1::Completion>> CompletionsService::Create(
    runnel::ServerContext&, const v1::CreateRequest& request) {
  RUNNEL_CO_ASSIGN_OR_RETURN(const Task task, ReadTask(request));
  markov::MarkovText::Answer answer(text_, task.prompt, task.seed);
  std::string text;
  int words = 0;
  for (; words < task.most_words && (task.limited || !answer.done()); ++words) {
    text += answer.Next();
  }

  v1::Completion completion;
  completion.set_id(NewId());
  completion.set_object("chat.completion");
  completion.set_created(Now());
  completion.set_model(markov::kModelName);
  v1::Completion::Choice& choice = *completion.add_choices();
  choice.set_index(0);
  choice.mutable_message()->set_role("assistant");
  choice.mutable_message()->set_content(text);
  choice.set_finish_reason(words < task.most_words ? "stop" : "length");
  const int prompt_words = static_cast<int>(markov::CountWords(task.prompt));
  completion.mutable_usage()->set_prompt_tokens(prompt_words);
  completion.mutable_usage()->set_completion_tokens(words);
  completion.mutable_usage()->set_total_tokens(prompt_words + words);
  co_return completion;
}

runnel::Awaitable<absl::Status> CompletionsService::Stream(runnel::ServerContext& context,
                                                           const v1::CreateRequest& request,
                                                           runnel::Writer<v1::Chunk>& writer) {
  RUNNEL_CO_ASSIGN_OR_RETURN(const Task task, ReadTask(request));
  markov::MarkovText::Answer answer(text_, task.prompt, task.seed);
  v1::Chunk chunk;
  chunk.set_id(NewId());
  chunk.set_object("chat.completion.chunk");
  chunk.set_created(Now());
  chunk.set_model(markov::kModelName);
  v1::Chunk::Choice& choice = *chunk.add_choices();
  choice.set_index(0);
  choice.mutable_delta()->set_role("assistant");
  choice.mutable_delta()->set_content("");
  absl::Status written = co_await writer.Write(chunk);
  choice.mutable_delta()->clear_role();
  int words = 0;
  while (written.ok() && words < task.most_words && (task.limited || !answer.done())) {
    if (options_.break_after > 0 && words == options_.break_after) {
      co_return absl::UnavailableError(
          absl::StrCat("this server breaks streams after ", words, " words"));
    }
    choice.mutable_delta()->set_content(answer.Next());
    ++words;
    written = co_await writer.Write(chunk);
    if (written.ok() && options_.pause > absl::ZeroDuration()) {
      written = co_await context.Sleep(options_.pause);
    }
  }
  if (written.ok()) {
    choice.mutable_delta()->clear_content();
    choice.set_finish_reason(words < task.most_words ? "stop" : "length");
    written = co_await writer.Write(chunk);
  }
  if (context.IsCancelled() && options_.on_cancelled) options_.on_cancelled(words);
  co_return written;
}

runnel::Awaitable<absl::StatusOr<v1::ModelList>> CompletionsService::ListModels(
    runnel::ServerContext&, const v1::ListModelsRequest&) {
  v1::ModelList models;
  models.set_object("list");
  v1::ModelList::Model& model = *models.add_data();
  model.set_id(markov::kModelName);
  model.set_object("model");
  model.set_owned_by("nobody: a Markov chain over a text of 1865");
  co_return models;
}

}  // namespace examples::completions
