#include "runtime/redis_topic/redis_reader.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/async/clock.h"
#include "runtime/core/status_macros.h"
#include "runtime/redis_topic/redis_durability.h"
#include "runtime/redis_topic/redis_scripts.h"
#include "runtime/topic/memory_topic_log.h"

namespace runnel {
namespace {

// Redis answers after so long when there is nothing new, which tells that the connection is alive.
constexpr absl::Duration kBlock = absl::Seconds(5);
// Subscribers see what is read at a time at once: less than would put them behind.
constexpr size_t kMaxRead = 256;

constexpr char kLost[] = "Redis has lost messages of this feed, or all of them";

RedisOptions WithLog(RedisOptions options, const RedisReader::Log& log) {
  options.log = log;
  return options;
}

}  // namespace

RedisReader::RedisReader(std::shared_ptr<RedisClient> client, std::string name, std::string stream,
                         const google::protobuf::Message& prototype,
                         const RedisTopicOptions& options, Log log)
    : name_(std::move(name)),
      stream_(std::move(stream)),
      prototype_(prototype),
      options_(options),
      log_(std::move(log)),
      client_(std::move(client)),
      redis_(client_->executor(), WithLog(client_->options(), log_)) {
  status_.since = clock().Now();
}

std::shared_ptr<MessageTopic> RedisReader::topic() const {
  const std::lock_guard lock(mutex_);
  return topic_;
}

void RedisReader::AddTo(RedisTopicStatus& status) const {
  const RedisClient::State redis = redis_.state();
  const std::lock_guard lock(mutex_);
  status.connected = redis.connected && problem_.empty();
  status.since = std::max(status_.since, redis.since);
  status.problem = redis.connected ? problem_ : redis.problem;
  status.connections = redis.connections;
  status.loaded = topic_ != nullptr;
  status.subscribers = topic_ == nullptr ? 0 : topic_->subscribers();
  status.last_id = status_.last_id;
  status.read = status_.read;
  status.missed = status_.missed;
  status.lives = status_.lives;
  status.durability = status_.durability;
}

void RedisReader::Close(const absl::Status& status) {
  if (std::exchange(closed_, true)) return;
  // Who comes, and who waits, is to hear it too.
  if (building_ == nullptr && topic() == nullptr) Begin({.epoch = 0, .number = 0});
  const std::shared_ptr<MessageTopic> topic = building_ != nullptr ? building_ : this->topic();
  topic->Close(status);
  Show(topic);
  progress_.Notify();
}

Awaitable<absl::StatusOr<std::shared_ptr<MessageTopic>>> RedisReader::TopicFor(
    std::shared_ptr<RedisReader> self, std::string last_event_id) {
  const absl::Time deadline = self->clock().Now() + self->options_.subscribe_timeout;
  const std::optional<EntryId> seen = EntryId::Parse(last_event_id);
  bool asked = false;
  bool exists = seen.has_value();
  while (true) {
    const std::shared_ptr<MessageTopic> topic = self->topic();
    if (topic != nullptr && (!exists || self->closed_ || *seen <= self->last_)) co_return topic;
    if (topic != nullptr && !std::exchange(asked, true)) {
      // Another server was ahead of this one, or there never was such a message.
      const absl::StatusOr<EntryId> newest = co_await Newest(self);
      exists = !newest.ok() || *seen <= *newest;
      continue;
    }
    const absl::Status waited = co_await self->progress_.WaitUntil(self->clock(), deadline);
    if (absl::IsDeadlineExceeded(waited)) {
      RedisTopicStatus status;
      self->AddTo(status);
      co_return absl::UnavailableError(
          absl::StrCat("the feed \"", self->name_, "\" has not been read from Redis ",
                       topic == nullptr ? "yet" : absl::StrCat("as far as \"", last_event_id, "\""),
                       status.problem.empty() ? "" : ": ", status.problem));
    }
    RUNNEL_CO_RETURN_IF_ERROR(waited);
  }
}

Awaitable<void> RedisReader::Run(std::shared_ptr<RedisReader> self) {
  Backoff backoff(absl::Milliseconds(20), absl::Seconds(1));
  while (!self->closed_) {
    const absl::Status connected = co_await self->redis_.Connected(absl::InfiniteFuture());
    if (!connected.ok()) co_return;
    co_await CheckDurability(self);
    const absl::Status ended = co_await ReadOn(self, backoff);
    if (self->closed_ || absl::IsCancelled(ended)) co_return;
    if (ended.ok()) continue;
    self->SetProblem(self->redis_.state().connected ? std::string(ended.message()) : "");
    const absl::Status slept = co_await SleepFor(self->clock(), backoff.Next());
    if (!slept.ok()) co_return;
  }
}

// Finds out whether the stream goes on where this reader is, and where it ends.
Awaitable<absl::Status> RedisReader::Open(std::shared_ptr<RedisReader> self, EntryId& newest) {
  std::vector<std::string> keys = {self->stream_};
  std::vector<std::string> known = {"", "", ""};
  if (self->begun_) {
    known = {std::to_string(self->last_.epoch), std::to_string(self->last_.number),
             self->last_publish_};
  }
  auto open = self->redis_.Eval(kOpenScript, std::move(keys), std::move(known));
  RUNNEL_CO_ASSIGN_OR_RETURN(const RedisReply opened, co_await std::move(open));
  std::vector<uint64_t> numbers;
  for (const RedisReply& word : opened.elements) {
    uint64_t number = 0;
    if (absl::SimpleAtoi(word.text, &number)) numbers.push_back(number);
  }
  if (numbers.size() != 3) co_return absl::InternalError("the stream is not a feed's");
  newest = {.epoch = numbers[0], .number = numbers[1]};
  const EntryId before_oldest{.epoch = newest.epoch, .number = numbers[2] - 1};
  if (!self->begun_) {
    self->Begin(before_oldest);
  } else if (self->last_.epoch != newest.epoch) {
    self->BeginAgain({before_oldest, kLost});
  } else if (self->last_.number < before_oldest.number) {
    self->BeginAgain(Dropped(self->last_, before_oldest));
  }
  co_return absl::OkStatus();
}

// OK when it is time to look whether the stream is still there at all.
Awaitable<absl::Status> RedisReader::ReadOn(std::shared_ptr<RedisReader> self, Backoff& backoff) {
  EntryId newest;
  RUNNEL_CO_RETURN_IF_ERROR(co_await Open(self, newest));
  backoff.Reset();
  self->SetProblem("");
  if (std::exchange(self->said_problem_, false)) self->log_("is read again");
  while (!self->closed_) {
    if (newest <= self->last_) self->ShowBuilding();
    const size_t count = std::clamp<size_t>(self->options_.max_messages / 4, 1, kMaxRead);
    std::vector<std::string> read = {"XREAD", "COUNT", std::to_string(count)};
    if (self->building_ == nullptr) {
      read.push_back("BLOCK");
      read.push_back(absl::StrCat(absl::ToInt64Milliseconds(kBlock)));
    }
    read.push_back("STREAMS");
    read.push_back(self->stream_);
    read.push_back(self->last_.Text());
    const absl::Duration timeout = kBlock + self->client_->options().command_timeout;
    RUNNEL_CO_ASSIGN_OR_RETURN(const RedisReply reply,
                               co_await self->redis_.Command(std::move(read), timeout));
    if (!reply.is_array()) {
      // There is nothing. If there should be, messages have been deleted.
      self->ShowBuilding();
      co_return absl::OkStatus();
    }
    if (reply.elements.size() != 1 || reply.elements[0].elements.size() != 2) {
      co_return absl::InternalError("XREAD replied something else");
    }
    RUNNEL_CO_RETURN_IF_ERROR(co_await Take(self, reply.elements[0].elements[1]));
    self->progress_.Notify();
  }
  co_return absl::CancelledError("closed");
}

RedisReader::Break RedisReader::Dropped(EntryId last, EntryId before_first) {
  const uint64_t missed = before_first.number - last.number;
  return {
      before_first,
      absl::StrCat("Redis has dropped ", missed, " messages before this server could read them"),
      missed};
}

std::optional<RedisReader::Break> RedisReader::BreakBetween(EntryId last, EntryId next) {
  if (next.number == 0) return Break{next, kLost};
  const EntryId before{.epoch = next.epoch, .number = next.number - 1};
  if (next.epoch != last.epoch) return Break{before, "somebody else has written into its stream"};
  if (before.number != last.number) return Dropped(last, before);
  return std::nullopt;
}

Awaitable<absl::Status> RedisReader::Take(std::shared_ptr<RedisReader> self,
                                          const RedisReply& entries) {
  MessageTopic::Messages fresh;
  EntryId last = self->last_;
  std::string last_publish = self->last_publish_;
  for (const RedisReply& entry : entries.elements) {
    const std::optional<EntryId> id =
        entry.elements.size() == 2 ? EntryId::Parse(entry.elements[0].text) : std::nullopt;
    if (!id) co_return absl::InternalError("XREAD replied something else");
    std::optional<Break> found = BreakBetween(last, *id);
    std::shared_ptr<google::protobuf::Message> message(self->prototype_.New());
    const RedisReply& fields = entry.elements[1];
    const std::string* const bytes = fields.Field("m");
    if (id->number > 0 && (bytes == nullptr || !message->ParseFromString(*bytes))) {
      found = Break{
          *id, absl::StrCat("message ", id->Text(), " is no ", self->prototype_.GetTypeName())};
    }
    if (found) {
      auto append = Append(self, std::exchange(fresh, {}), last, last_publish);
      RUNNEL_CO_RETURN_IF_ERROR(co_await std::move(append));
      self->BeginAgain(*found);
      last = self->last_;
    }
    if (*id <= last) continue;  // it is no message
    const std::string* const publish = fields.Field("p");
    last_publish = publish == nullptr ? "" : *publish;
    last = *id;
    fresh.push_back(std::move(message));
  }
  auto append = Append(self, std::move(fresh), last, last_publish);
  co_return co_await std::move(append);
}

// What follows what there is, up to `last`.
Awaitable<absl::Status> RedisReader::Append(std::shared_ptr<RedisReader> self,
                                            MessageTopic::Messages messages, EntryId last,
                                            std::string last_publish) {
  if (messages.empty()) co_return absl::OkStatus();
  const size_t count = messages.size();
  const std::shared_ptr<MessageTopic> topic =
      self->building_ != nullptr ? self->building_ : self->topic();
  auto publish = topic->PublishAllAndWait(std::move(messages));
  const absl::StatusOr<std::string> appended = co_await std::move(publish);
  if (!appended.ok()) {
    co_return absl::Status(appended.status().code(), appended.status().message());
  }
  self->last_ = last;
  self->last_publish_ = std::move(last_publish);
  const std::lock_guard lock(self->mutex_);
  self->status_.last_id = *appended;
  self->status_.read += count;
  co_return absl::OkStatus();
}

// The log begins after `before_first`, and is to be read from Redis.
void RedisReader::Begin(EntryId before_first) {
  TopicOptions options;
  options.max_messages = options_.max_messages;
  options.max_wait = options_.max_wait;
  options.clock = client_->options().clock;
  options.log =
      std::make_unique<MemoryTopicLog>(options_.max_messages, options_.max_bytes,
                                       std::to_string(before_first.epoch), before_first.number + 1);
  building_ = std::make_shared<MessageTopic>(MessageTopic::Kind::kPlain, std::move(options));
  last_ = before_first;
  last_publish_.clear();
  begun_ = true;
  const std::lock_guard lock(mutex_);
  ++status_.lives;
}

// Subscribers do not get what comes now as if nothing were missing: their streams end, and
// with their Last-Event-ID they learn what is.
void RedisReader::BeginAgain(const Break& found) {
  const absl::Status ended =
      absl::UnavailableError(absl::StrCat("the feed begins anew: ", found.why));
  log_(absl::StrCat(ended.message(), "; it goes on after ", found.before_first.Text()));
  std::shared_ptr<MessageTopic> old;
  {
    const std::lock_guard lock(mutex_);
    old = std::exchange(topic_, nullptr);
    status_.missed += found.missed;
  }
  if (building_ != nullptr) building_->Close(ended);
  if (old != nullptr) old->Close(ended);
  const bool was_shown = old != nullptr;
  Begin(found.before_first);
  if (was_shown) ShowBuilding();
}

void RedisReader::ShowBuilding() {
  if (building_ != nullptr) Show(std::exchange(building_, nullptr));
  progress_.Notify();
}

void RedisReader::Show(std::shared_ptr<MessageTopic> topic) {
  const std::lock_guard lock(mutex_);
  topic_ = std::move(topic);
}

void RedisReader::SetProblem(const std::string& problem) {
  bool is_new = false;
  {
    const std::lock_guard lock(mutex_);
    is_new = problem != problem_;
    if (problem.empty() != problem_.empty()) status_.since = clock().Now();
    problem_ = problem;
  }
  if (!is_new || problem.empty()) return;
  said_problem_ = true;
  log_(absl::StrCat("cannot be read: ", problem));
}

Awaitable<absl::StatusOr<EntryId>> RedisReader::Newest(std::shared_ptr<RedisReader> self) {
  std::vector<std::string> ask = {"XINFO", "STREAM", self->stream_};
  RUNNEL_CO_ASSIGN_OR_RETURN(const RedisReply info,
                             co_await self->client_->Command(std::move(ask)));
  const std::string* const id = info.Field("last-generated-id");
  const std::optional<EntryId> newest = id == nullptr ? std::nullopt : EntryId::Parse(*id);
  if (!newest) co_return absl::InternalError("XINFO replied something else");
  co_return *newest;
}

// Says so whenever that is something else.
Awaitable<void> RedisReader::CheckDurability(std::shared_ptr<RedisReader> self) {
  const absl::StatusOr<std::string> durability = co_await DurabilityOf(self->redis_);
  if (!durability.ok()) co_return;
  {
    const std::lock_guard lock(self->mutex_);
    if (self->status_.durability == *durability) co_return;
    self->status_.durability = *durability;
  }
  if (!durability->empty()) self->log_(*durability);
}

}  // namespace runnel
