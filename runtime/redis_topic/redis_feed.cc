#include "runtime/redis_topic/redis_feed.h"

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <cstdio>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/async/clock.h"
#include "runtime/async/on_executor.h"
#include "runtime/async/signal.h"
#include "runtime/async/task_group.h"
#include "runtime/client/backoff.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/redis_topic/redis_publisher.h"
#include "runtime/redis_topic/redis_scripts.h"
#include "runtime/topic/memory_topic_log.h"

namespace runnel {
namespace {

// Redis answers after so long when there is nothing new, which tells that the connection is alive.
constexpr absl::Duration kBlock = absl::Seconds(5);
constexpr size_t kMaxRead = 512;

// The id of an entry: of a message, or with number 0 of an epoch's beginning.
struct EntryId {
  uint64_t epoch = 0;
  uint64_t number = 0;

  static std::optional<EntryId> Parse(std::string_view text) {
    const size_t dash = text.find('-');
    EntryId id;
    if (dash == text.npos || !absl::SimpleAtoi(AbslView(text.substr(0, dash)), &id.epoch) ||
        !absl::SimpleAtoi(AbslView(text.substr(dash + 1)), &id.number)) {
      return std::nullopt;
    }
    return id;
  }
  std::string Text() const { return absl::StrCat(epoch, "-", number); }
  bool operator<=(const EntryId& other) const {
    return epoch != other.epoch ? epoch < other.epoch : number <= other.number;
  }
};

const std::string* Field(const RedisReply& fields, std::string_view name) {
  for (size_t i = 0; i + 1 < fields.elements.size(); i += 2) {
    if (fields.elements[i].text == name) return &fields.elements[i + 1].text;
  }
  return nullptr;
}

// Shares nothing with `status`, for another thread (see MessageTopic).
absl::Status Copy(const absl::Status& status) {
  return absl::Status(status.code(), status.message());
}

// A line for whoever looks after the feed.
using Log = std::function<void(std::string_view)>;
Log LogOf(const std::string& name, const Log& log) {
  return [name, log](std::string_view line) {
    const std::string text = absl::StrCat("feed \"", name, "\": ", AbslView(line));
    if (log != nullptr) {
      log(text);
    } else {
      std::fprintf(stderr, "runnel: %s\n", text.c_str());
    }
  };
}

RedisOptions WithLog(RedisOptions options, const Log& log) {
  options.log = log;
  return options;
}

}  // namespace

// Shared with the coroutines. Everything happens on the loop, except for topic() and status().
class RedisFeed::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(std::shared_ptr<RedisClient> client, std::string name,
       const google::protobuf::Message& prototype, RedisTopicOptions options)
      : name_(std::move(name)),
        stream_(absl::StrCat("runnel:feed:{", name_, "}")),
        prototype_(prototype),
        options_(std::move(options)),
        log_(LogOf(name_, options_.log)),
        client_(std::move(client)),
        reader_(client_->executor(), WithLog(client_->options(), log_)),
        publisher_(std::make_shared<RedisPublisher>(client_, stream_, options_)),
        tasks_(client_->executor()) {
    status_.since = clock().Now();
  }

  const Executor& executor() const { return client_->executor(); }
  const std::shared_ptr<RedisPublisher>& publisher() const { return publisher_; }
  std::shared_ptr<MessageTopic> topic() const {
    const std::lock_guard lock(mutex_);
    return topic_;
  }
  RedisTopicStatus status() const {
    const RedisClient::State reader = reader_.state();
    const std::lock_guard lock(mutex_);
    RedisTopicStatus status = status_;
    status.connected = reader.connected && problem_.empty();
    status.since = std::max(status.since, reader.since);
    status.problem = reader.connected ? problem_ : reader.problem;
    status.loaded = topic_ != nullptr;
    return status;
  }

  static void Start(const std::shared_ptr<Core>& self) {
    self->publisher_->on_change = [core = self.get()] {
      const std::lock_guard lock(core->mutex_);
      core->publisher_->AddTo(core->status_);
    };
    self->tasks_.Spawn(Read(self));
    self->tasks_.Spawn(Publish(self));
  }

  void Close(const absl::Status& status) {
    if (closed_) return;
    closed_ = true;
    publisher_->Stop(absl::FailedPreconditionError("the topic is closed"));
    const std::shared_ptr<MessageTopic> topic = building_ != nullptr ? building_ : this->topic();
    if (topic != nullptr) {
      topic->Close(status);
      Show(topic);
    } else {
      // Who comes, and who waits, is to hear it too.
      Begin({.epoch = 0, .number = 0});
      building_->Close(status);
      Show(building_);
    }
    progress_.Notify();
    tasks_.Cancel();
  }

  // From any loop.
  static Awaitable<absl::StatusOr<std::string>> PublishOne(std::shared_ptr<Core> self,
                                                           std::string bytes,
                                                           absl::Status invalid) {
    if (!invalid.ok()) co_return invalid;
    auto publish = RedisPublisher::Publish(self->publisher_, std::move(bytes));
    co_return co_await OnExecutor(self->executor(), std::move(publish));
  }
  static Awaitable<absl::StatusOr<std::shared_ptr<MessageTopic>>> FindTopic(
      std::shared_ptr<Core> self, std::string last_event_id) {
    // Nothing to wait for, and so no other loop to go to.
    std::shared_ptr<MessageTopic> topic = self->topic();
    if (last_event_id.empty() && topic != nullptr) co_return topic;
    auto found = TopicFor(self, std::move(last_event_id));
    co_return co_await OnExecutor(self->executor(), std::move(found));
  }

 private:
  Clock& clock() const { return *client_->options().clock; }

  static Awaitable<absl::StatusOr<std::shared_ptr<MessageTopic>>> TopicFor(
      std::shared_ptr<Core> self, std::string last_event_id) {
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
        const std::string problem = self->status().problem;
        co_return absl::UnavailableError(absl::StrCat(
            "the feed \"", self->name_, "\" has not been read from Redis ",
            topic == nullptr ? "yet" : absl::StrCat("as far as \"", last_event_id, "\""),
            problem.empty() ? "" : ": ", problem));
      }
      RUNNEL_CO_RETURN_IF_ERROR(waited);
    }
  }

  static Awaitable<void> Publish(std::shared_ptr<Core> self) {
    co_await RedisPublisher::Run(self->publisher_);
  }

  // Reads for ever: after each loss of the connection from where it was.
  static Awaitable<void> Read(std::shared_ptr<Core> self) {
    Backoff backoff(absl::Milliseconds(20), absl::Seconds(1));
    while (!self->closed_) {
      const absl::Status connected = co_await self->reader_.Connected(absl::InfiniteFuture());
      if (!connected.ok()) co_return;
      co_await CheckDurability(self);
      const absl::Status ended = co_await ReadOn(self, backoff);
      if (self->closed_ || absl::IsCancelled(ended)) co_return;
      if (ended.ok()) continue;
      self->SetProblem(self->reader_.state().connected ? std::string(ended.message()) : "");
      const absl::Status slept = co_await SleepFor(self->clock(), backoff.Next());
      if (!slept.ok()) co_return;
    }
  }

  static Awaitable<absl::Status> ReadOn(std::shared_ptr<Core> self, Backoff& backoff) {
    std::vector<std::string> keys = {self->stream_};
    std::vector<std::string> known = {"", "", ""};
    if (self->begun_) {
      known = {std::to_string(self->last_.epoch), std::to_string(self->last_.number),
               self->last_publish_};
    }
    auto open = self->reader_.Eval(kOpenScript, std::move(keys), std::move(known));
    RUNNEL_CO_ASSIGN_OR_RETURN(const RedisReply opened, co_await std::move(open));
    std::vector<uint64_t> numbers;
    for (const RedisReply& word : opened.elements) {
      uint64_t number = 0;
      if (absl::SimpleAtoi(word.text, &number)) numbers.push_back(number);
    }
    if (numbers.size() != 3) co_return absl::InternalError("the stream is not a feed's");
    const EntryId newest{.epoch = numbers[0], .number = numbers[1]};
    const EntryId before_oldest{.epoch = newest.epoch, .number = numbers[2] - 1};
    if (!self->begun_) {
      self->Begin(before_oldest);
    } else if (self->last_.epoch != newest.epoch) {
      self->BeginAgain(before_oldest, "Redis has lost messages of this feed, or all of them");
    } else if (self->last_.number < before_oldest.number) {
      self->BeginAgain(before_oldest,
                       absl::StrCat("Redis has dropped ", before_oldest.number - self->last_.number,
                                    " messages before this server could read them"));
    }
    backoff.Reset();
    self->SetProblem("");
    while (!self->closed_) {
      if (newest <= self->last_) self->ShowBuilding();
      std::vector<std::string> read = {"XREAD", "COUNT", std::to_string(kMaxRead)};
      if (self->building_ == nullptr) {
        read.push_back("BLOCK");
        read.push_back(absl::StrCat(absl::ToInt64Milliseconds(kBlock)));
      }
      read.push_back("STREAMS");
      read.push_back(self->stream_);
      read.push_back(self->last_.Text());
      const absl::Duration timeout = kBlock + self->client_->options().command_timeout;
      RUNNEL_CO_ASSIGN_OR_RETURN(const RedisReply reply,
                                 co_await self->reader_.Command(std::move(read), timeout));
      if (!reply.is_array()) {
        // There is nothing. If there should be, messages have been deleted.
        self->ShowBuilding();
        // Then it is time to look whether the stream is still there at all.
        co_return absl::OkStatus();
      }
      if (reply.elements.size() != 1 || reply.elements[0].elements.size() != 2) {
        co_return absl::InternalError("XREAD replied something else");
      }
      for (const RedisReply& entry : reply.elements[0].elements[1].elements) {
        RUNNEL_CO_RETURN_IF_ERROR(co_await Take(self, entry));
      }
      self->progress_.Notify();
    }
    co_return absl::CancelledError("closed");
  }

  static Awaitable<absl::Status> Take(std::shared_ptr<Core> self, const RedisReply& entry) {
    const std::optional<EntryId> id =
        entry.elements.size() == 2 ? EntryId::Parse(entry.elements[0].text) : std::nullopt;
    if (!id) co_return absl::InternalError("XREAD replied something else");
    const RedisReply& fields = entry.elements[1];
    if (id->number == 0) {
      self->BeginAgain(*id, "Redis has lost messages of this feed, or all of them");
      co_return absl::OkStatus();
    }
    const EntryId before{.epoch = id->epoch, .number = id->number - 1};
    if (id->epoch != self->last_.epoch) {
      self->BeginAgain(before, "somebody else has written into its stream");
    } else if (before.number != self->last_.number) {
      self->BeginAgain(before,
                       absl::StrCat("Redis has dropped ", before.number - self->last_.number,
                                    " messages before this server could read them"));
    }
    const std::string* const bytes = Field(fields, "m");
    const std::string* const publish = Field(fields, "p");
    std::shared_ptr<google::protobuf::Message> message(self->prototype_.New());
    self->last_ = *id;
    self->last_publish_ = publish == nullptr ? "" : *publish;
    if (bytes == nullptr || !message->ParseFromString(*bytes)) {
      self->BeginAgain(
          *id, absl::StrCat("message ", id->Text(), " is no ", self->prototype_.GetTypeName()));
      co_return absl::OkStatus();
    }
    const std::shared_ptr<MessageTopic> topic =
        self->building_ != nullptr ? self->building_ : self->topic();
    const absl::StatusOr<std::string> appended = co_await topic->PublishAndWait(std::move(message));
    if (!appended.ok()) co_return Copy(appended.status());
    const std::lock_guard lock(self->mutex_);
    self->status_.last_id = *appended;
    co_return absl::OkStatus();
  }

  // The log begins after `before_first`, and is to be read from Redis.
  void Begin(EntryId before_first) {
    TopicOptions options;
    options.max_messages = options_.max_messages;
    options.max_wait = options_.max_wait;
    options.clock = client_->options().clock;
    options.log = std::make_unique<MemoryTopicLog>(options_.max_messages, options_.max_bytes,
                                                   std::to_string(before_first.epoch),
                                                   before_first.number + 1);
    building_ = std::make_shared<MessageTopic>(MessageTopic::Kind::kPlain, std::move(options));
    last_ = before_first;
    last_publish_.clear();
    begun_ = true;
    const std::lock_guard lock(mutex_);
    ++status_.lives;
  }

  // Subscribers do not get what comes now as if nothing were missing: their streams end, and
  // with their Last-Event-ID they learn what is.
  void BeginAgain(EntryId before_first, const std::string& why) {
    const absl::Status ended = absl::UnavailableError(absl::StrCat("the feed begins anew: ", why));
    log_(absl::StrCat(ended.message(), "; it goes on after ", before_first.Text()));
    std::shared_ptr<MessageTopic> old;
    {
      const std::lock_guard lock(mutex_);
      old = std::exchange(topic_, nullptr);
    }
    if (building_ != nullptr) building_->Close(ended);
    if (old != nullptr) old->Close(ended);
    const bool was_shown = old != nullptr;
    Begin(before_first);
    if (was_shown) ShowBuilding();
  }

  void ShowBuilding() {
    if (building_ != nullptr) Show(std::exchange(building_, nullptr));
    progress_.Notify();
  }
  void Show(std::shared_ptr<MessageTopic> topic) {
    const std::lock_guard lock(mutex_);
    topic_ = std::move(topic);
  }

  void SetProblem(const std::string& problem) {
    bool is_new = false;
    {
      const std::lock_guard lock(mutex_);
      is_new = problem != problem_;
      if (problem.empty() != problem_.empty()) status_.since = clock().Now();
      problem_ = problem;
    }
    if (is_new && !problem.empty()) log_(absl::StrCat("cannot be read: ", problem));
  }

  static Awaitable<absl::StatusOr<EntryId>> Newest(std::shared_ptr<Core> self) {
    std::vector<std::string> ask = {"XINFO", "STREAM", self->stream_};
    RUNNEL_CO_ASSIGN_OR_RETURN(const RedisReply info,
                               co_await self->client_->Command(std::move(ask)));
    const std::string* const id = Field(info, "last-generated-id");
    const std::optional<EntryId> newest = id == nullptr ? std::nullopt : EntryId::Parse(*id);
    if (!newest) co_return absl::InternalError("XINFO replied something else");
    co_return *newest;
  }

  // Says what an acknowledged publish does not survive, whenever that is something else.
  static Awaitable<void> CheckDurability(std::shared_ptr<Core> self) {
    std::vector<std::string> append_only = {"CONFIG", "GET", "appendonly"};
    std::vector<std::string> fsync = {"CONFIG", "GET", "appendfsync"};
    const absl::StatusOr<RedisReply> has_log =
        co_await self->reader_.Command(std::move(append_only));
    const absl::StatusOr<RedisReply> syncs = co_await self->reader_.Command(std::move(fsync));
    std::string durability;
    if (absl::IsUnavailable(has_log.status()) || absl::IsCancelled(has_log.status()) ||
        absl::IsUnavailable(syncs.status()) || absl::IsCancelled(syncs.status())) {
      co_return;
    }
    const std::string* const log = has_log.ok() ? Field(*has_log, "appendonly") : nullptr;
    const std::string* const sync = syncs.ok() ? Field(*syncs, "appendfsync") : nullptr;
    if (log == nullptr || sync == nullptr) {
      durability =
          "Redis does not tell (CONFIG GET) whether acknowledged publishes survive its crash: they "
          "do with appendonly yes and appendfsync always";
    } else if (*log != "yes") {
      durability =
          "acknowledged publishes are lost when Redis ends: it is set to appendonly no; they "
          "survive "
          "with appendonly yes and appendfsync always";
    } else if (*sync != "always") {
      durability =
          absl::StrCat("acknowledged publishes of about the last ",
                       *sync == "everysec" ? "second" : "30 seconds",
                       " are lost when the machine of Redis crashes: it is set to appendfsync ",
                       *sync, "; none are with always");
    }
    {
      const std::lock_guard lock(self->mutex_);
      if (self->status_.durability == durability) co_return;
      self->status_.durability = durability;
    }
    if (!durability.empty()) self->log_(durability);
  }

  const std::string name_;
  const std::string stream_;
  const google::protobuf::Message& prototype_;
  const RedisTopicOptions options_;
  const Log log_;
  const std::shared_ptr<RedisClient> client_;
  RedisClient reader_;
  const std::shared_ptr<RedisPublisher> publisher_;

  bool begun_ = false;
  bool closed_ = false;
  EntryId last_;              // has been read
  std::string last_publish_;  // and whose it was
  // Filled from Redis before anybody subscribes to it.
  std::shared_ptr<MessageTopic> building_;
  Signal progress_;

  mutable std::mutex mutex_;
  std::shared_ptr<MessageTopic> topic_;
  RedisTopicStatus status_;
  std::string problem_;  // of the feed, though Redis is there

  TaskGroup tasks_;
};

RedisFeed::RedisFeed(std::shared_ptr<RedisClient> client, std::string name,
                     const google::protobuf::Message& prototype, RedisTopicOptions options)
    : core_(std::make_shared<Core>(std::move(client), std::move(name), prototype,
                                   std::move(options))) {
  asio::dispatch(core_->executor(), [core = core_] { Core::Start(core); });
}

RedisFeed::~RedisFeed() { Close(absl::UnavailableError("the feed is no longer served")); }

Awaitable<absl::StatusOr<std::string>> RedisFeed::Publish(
    const google::protobuf::Message& message) {
  std::string bytes;
  absl::Status invalid;
  if (!message.IsInitialized()) {
    invalid = absl::InvalidArgumentError(
        absl::StrCat("the message lacks ", message.InitializationErrorString()));
  } else if (!message.SerializeToString(&bytes)) {
    invalid = absl::InvalidArgumentError("the message is too large for protobuf");
  }
  return Core::PublishOne(core_, std::move(bytes), std::move(invalid));
}

Awaitable<absl::StatusOr<std::shared_ptr<MessageTopic>>> RedisFeed::TopicFor(
    std::string last_event_id) {
  return Core::FindTopic(core_, std::move(last_event_id));
}

std::shared_ptr<MessageTopic> RedisFeed::topic() const { return core_->topic(); }

void RedisFeed::Close(const absl::Status& status) {
  asio::dispatch(core_->executor(), [core = core_, status = Copy(status)] { core->Close(status); });
}

RedisTopicStatus RedisFeed::status() const { return core_->status(); }

}  // namespace runnel
