#include "runtime/redis_topic/redis_publisher.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/client/backoff.h"
#include "runtime/core/string_view.h"
#include "runtime/redis_topic/redis_scripts.h"

namespace runnel {
namespace {

// A batch keeps Redis from doing anything else for a moment.
constexpr size_t kMaxBatch = 128;
constexpr size_t kMaxBatchBytes = 256 << 10;

std::string RandomName() {
  std::random_device random;
  return absl::StrCat(absl::Hex(random(), absl::kZeroPad8), absl::Hex(random(), absl::kZeroPad8));
}

}  // namespace

RedisPublisher::RedisPublisher(std::shared_ptr<RedisClient> client, std::string stream,
                               const RedisTopicOptions& options, Log log)
    : client_(std::move(client)),
      stream_(std::move(stream)),
      options_(options),
      log_(std::move(log)),
      name_(RandomName()) {}

Awaitable<absl::StatusOr<std::string>> RedisPublisher::Publish(std::shared_ptr<RedisPublisher> self,
                                                               std::string message) {
  if (!self->stopped_.ok()) {
    co_return absl::Status(self->stopped_.code(), self->stopped_.message());
  }
  const RedisTopicOptions& options = self->options_;
  const size_t bytes = message.size();
  if (bytes > options.max_waiting_bytes) {
    co_return absl::ResourceExhaustedError(absl::StrCat("a message of ", bytes, " bytes; limit is ",
                                                        options.max_waiting_bytes,
                                                        " (RedisTopicOptions::max_waiting_bytes)"));
  }
  if (self->status_.waiting >= options.max_waiting ||
      self->status_.waiting_bytes + bytes > options.max_waiting_bytes) {
    const std::lock_guard lock(self->mutex_);
    ++self->status_.failed;
    ++self->status_.refused;
    co_return absl::UnavailableError(absl::StrCat(
        "not published: ", self->status_.waiting, " messages of ", self->status_.waiting_bytes,
        " bytes wait for Redis at ", self->client_->options().Address(),
        " already; limits are RedisTopicOptions::max_waiting and max_waiting_bytes"));
  }
  Clock& clock = *self->client_->options().clock;
  auto item = std::make_shared<Item>();
  item->message = std::move(message);
  item->begun = clock.Now();
  {
    const std::lock_guard lock(self->mutex_);
    ++self->status_.waiting;
    self->status_.waiting_bytes += bytes;
  }
  self->queue_.push_back(item);
  self->arrived_.Notify();

  const absl::Time deadline = item->begun + options.publish_timeout;
  while (!item->id) {
    const absl::Status waited = co_await item->done.WaitUntil(clock, deadline);
    if (waited.ok() || item->id) continue;
    item->given_up = true;
    self->Leave(*item, Outcome::kFailed);
    const absl::string_view doubt = item->sent ? "it may be published or not: " : "not published: ";
    if (!absl::IsDeadlineExceeded(waited)) {
      co_return absl::CancelledError(absl::StrCat(doubt, waited.message()));
    }
    const std::string problem = self->client_->state().problem;
    co_return absl::UnavailableError(absl::StrCat(
        doubt, "Redis at ", self->client_->options().Address(), " has not taken it within ",
        absl::FormatDuration(options.publish_timeout), problem.empty() ? "" : ": ", problem));
  }
  co_return *std::move(item->id);
}

// Nobody waits for it any longer.
void RedisPublisher::Leave(const Item& item, Outcome outcome) {
  const absl::Duration took = client_->options().clock->Now() - item.begun;
  const std::lock_guard lock(mutex_);
  --status_.waiting;
  status_.waiting_bytes -= item.message.size();
  if (outcome == Outcome::kFailed) {
    ++status_.failed;
    return;
  }
  const auto bound = std::lower_bound(kLatencyBounds.begin(), kLatencyBounds.end(),
                                      absl::ToInt64Nanoseconds(took));
  ++status_.publish_latency[static_cast<size_t>(bound - kLatencyBounds.begin())];
  status_.publish_latency_sum += took;
}

// Why what waits does so; empty when it need not.
void RedisPublisher::SetProblem(std::string_view problem) {
  bool is_change = false;
  {
    const std::lock_guard lock(mutex_);
    is_change = problem.empty() != status_.publish_problem.empty();
    status_.publish_problem = std::string(problem);
  }
  if (!is_change) return;
  log_(problem.empty() ? std::string("publishes arrive again")
                       : absl::StrCat("publishes do not arrive: ", AbslView(problem)));
}

void RedisPublisher::Stop(const absl::Status& status) {
  if (!stopped_.ok()) return;
  stopped_ = status;
  for (const std::shared_ptr<Item>& item : std::exchange(queue_, {})) {
    if (item->given_up) continue;
    item->id = absl::Status(status.code(), status.message());
    Leave(*item, Outcome::kFailed);
    item->done.Notify();
  }
  arrived_.Notify();
}

void RedisPublisher::AddTo(RedisTopicStatus& status) const {
  const std::lock_guard lock(mutex_);
  status.publish_problem = status_.publish_problem;
  status.waiting = status_.waiting;
  status.waiting_bytes = status_.waiting_bytes;
  status.published = status_.published;
  status.failed = status_.failed;
  status.refused = status_.refused;
  status.repeated = status_.repeated;
  status.publish_latency = status_.publish_latency;
  status.publish_latency_sum = status_.publish_latency_sum;
}

RedisPublisher::Items RedisPublisher::TakeBatch() {
  Items batch;
  size_t bytes = 0;
  while (!queue_.empty() && batch.size() < kMaxBatch) {
    const std::shared_ptr<Item>& item = queue_.front();
    if (!item->given_up) {
      if (!batch.empty() && bytes + item->message.size() > kMaxBatchBytes) break;
      bytes += item->message.size();
      item->sent = true;
      batch.push_back(item);
    }
    queue_.pop_front();
  }
  return batch;
}

Awaitable<void> RedisPublisher::Run(std::shared_ptr<RedisPublisher> self) {
  // Longer than anybody may try.
  const std::string remember =
      absl::StrCat(3600 + absl::ToInt64Seconds(self->options_.publish_timeout) * 2);
  const std::vector<std::string> keys = {self->stream_, self->stream_ + ":" + self->name_};
  Clock& clock = *self->client_->options().clock;
  Backoff backoff(absl::Milliseconds(10), absl::Milliseconds(500));
  while (self->stopped_.ok()) {
    const Items batch = self->TakeBatch();
    if (batch.empty()) {
      const absl::Status waited = co_await self->arrived_.Wait();
      if (!waited.ok()) break;
      continue;
    }
    const uint64_t first = std::exchange(self->next_, self->next_ + batch.size());
    std::vector<std::string> args = {
        std::to_string(first), std::to_string(self->options_.max_messages), remember, self->name_};
    for (const std::shared_ptr<Item>& item : batch) args.push_back(item->message);
    absl::StatusOr<RedisReply> reply = absl::UnknownError("not sent");
    while (true) {
      auto publish = self->client_->Eval(kPublishScript, keys, args);
      reply = co_await std::move(publish);
      if (!self->stopped_.ok()) break;
      self->SetProblem(reply.ok() ? "" : StdView(reply.status().message()));
      if (!absl::IsUnavailable(reply.status())) break;
      // Nobody waits for any of it any more.
      const bool wanted =
          std::any_of(batch.begin(), batch.end(), [](const auto& item) { return !item->given_up; });
      if (!wanted) break;
      const absl::Status slept = co_await SleepFor(clock, backoff.Next());
      if (!slept.ok()) break;
      const absl::Status connected =
          co_await self->client_->Connected(clock.Now() + absl::Seconds(1));
      if (absl::IsCancelled(connected)) break;
      const std::lock_guard lock(self->mutex_);
      ++self->status_.repeated;
    }
    if (reply.ok()) backoff.Reset();
    self->Finish(batch, reply);
  }
  self->Stop(absl::CancelledError("the feed is gone"));
}

void RedisPublisher::Finish(const Items& batch, const absl::StatusOr<RedisReply>& reply) {
  absl::Status failed = reply.status();
  std::string epoch;
  uint64_t last = 0;
  if (reply.ok()) {
    const std::vector<RedisReply>& words = reply->elements;
    uint64_t ours = 0;
    if (words.size() != 3 || !absl::SimpleAtoi(words[1].text, &last) ||
        !absl::SimpleAtoi(words[2].text, &ours) || last < batch.size() || ours != next_ - 1) {
      failed = absl::InternalError("Redis has not what was published");
    }
    if (failed.ok()) epoch = words[0].text;
  }
  if (failed.ok()) {
    const std::lock_guard lock(mutex_);
    status_.published += batch.size();
  }
  uint64_t number = last - batch.size();
  for (const std::shared_ptr<Item>& item : batch) {
    ++number;
    if (item->given_up) continue;
    if (failed.ok()) {
      item->id = absl::StrCat(epoch, "-", number);
    } else {
      item->id = absl::Status(failed.code(), failed.message());
    }
    Leave(*item, failed.ok() ? Outcome::kPublished : Outcome::kFailed);
    item->done.Notify();
  }
}

}  // namespace runnel
