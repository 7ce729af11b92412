#include "runtime/redis_topic/redis_publisher.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/client/backoff.h"
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
                               const RedisTopicOptions& options)
    : client_(std::move(client)),
      stream_(std::move(stream)),
      options_(options),
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
  if (self->waiting_ >= options.max_waiting ||
      self->waiting_bytes_ + bytes > options.max_waiting_bytes) {
    ++self->failed_;
    self->on_change();
    co_return absl::UnavailableError(
        absl::StrCat("not published: ", self->waiting_, " messages of ", self->waiting_bytes_,
                     " bytes wait for Redis at ", self->client_->options().Address(),
                     " already; limits are RedisTopicOptions::max_waiting and max_waiting_bytes"));
  }
  auto item = std::make_shared<Item>();
  item->message = std::move(message);
  ++self->waiting_;
  self->waiting_bytes_ += bytes;
  self->queue_.push_back(item);
  self->arrived_.Notify();
  self->on_change();

  Clock& clock = *self->client_->options().clock;
  const absl::Time deadline = clock.Now() + options.publish_timeout;
  while (!item->id) {
    const absl::Status waited = co_await item->done.WaitUntil(clock, deadline);
    if (waited.ok() || item->id) continue;
    item->given_up = true;
    ++self->failed_;
    self->Leave(*item);
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

// It no longer waits.
void RedisPublisher::Leave(Item& item) {
  --waiting_;
  waiting_bytes_ -= item.message.size();
  on_change();
}

void RedisPublisher::Stop(const absl::Status& status) {
  if (!stopped_.ok()) return;
  stopped_ = status;
  for (const std::shared_ptr<Item>& item : std::exchange(queue_, {})) {
    if (item->given_up) continue;
    item->id = absl::Status(status.code(), status.message());
    Leave(*item);
    item->done.Notify();
  }
  arrived_.Notify();
}

void RedisPublisher::AddTo(RedisTopicStatus& status) const {
  status.waiting = waiting_;
  status.waiting_bytes = waiting_bytes_;
  status.published = published_;
  status.failed = failed_;
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
      if (!absl::IsUnavailable(reply.status()) || !self->stopped_.ok()) break;
      // Nobody waits for any of it any more.
      const bool wanted =
          std::any_of(batch.begin(), batch.end(), [](const auto& item) { return !item->given_up; });
      if (!wanted) break;
      const absl::Status slept = co_await SleepFor(clock, backoff.Next());
      if (!slept.ok()) break;
      const absl::Status connected =
          co_await self->client_->Connected(clock.Now() + absl::Seconds(1));
      if (absl::IsCancelled(connected)) break;
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
  uint64_t number = last - batch.size();
  for (const std::shared_ptr<Item>& item : batch) {
    ++number;
    if (failed.ok()) ++published_;
    if (item->given_up) continue;
    if (failed.ok()) {
      item->id = absl::StrCat(epoch, "-", number);
    } else {
      ++failed_;
      item->id = absl::Status(failed.code(), failed.message());
    }
    Leave(*item);
    item->done.Notify();
  }
  on_change();
}

}  // namespace runnel
