#include "runtime/topic/message_topic.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <list>
#include <mutex>
#include <set>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/status_details.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/topic/bell.h"
#include "runtime/topic/keyed_state.h"
#include "runtime/topic/memory_topic_log.h"

namespace runnel {
namespace {

// How many messages a subscriber takes at a time, so that the lock costs little.
constexpr size_t kBatch = 32;

absl::Status TooSlow(std::string_view what) {
  return absl::ResourceExhaustedError(
      absl::StrCat("this subscriber reads the feed too slowly: ", AbslView(what)));
}

std::string IdOf(std::string_view epoch, uint64_t seq) {
  return absl::StrCat(AbslView(epoch), "-", seq);
}

// A copy that shares nothing with `status`: the prebuilt Abseil counts references where a thread
// sanitizer does not see it, and subscribers are on many threads.
absl::Status Copy(const absl::Status& status) {
  absl::Status copy(status.code(), status.message());
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    copy.SetPayload(type, absl::Cord(std::string(payload)));
  });
  return copy;
}

TopicRecord RecordOf(const google::protobuf::Message& message, std::string_view key) {
  TopicRecord record;
  record.bytes = message.ByteSizeLong();
  record.key = std::string(key);
  return record;
}

// The number in an id of this epoch.
std::optional<uint64_t> SeqOf(std::string_view epoch, std::string_view id) {
  uint64_t seq = 0;
  if (id.size() <= epoch.size() + 1) return std::nullopt;
  if (!absl::SimpleAtoi(AbslView(id.substr(epoch.size() + 1)), &seq)) return std::nullopt;
  if (IdOf(epoch, seq) != id) return std::nullopt;
  return seq;
}

}  // namespace

struct MessageTopic::Unpublished {
  TopicRecord record;
  std::shared_ptr<const google::protobuf::Message> message;
};

// One loop that has subscribers, or publishers who wait.
struct MessageTopic::Loop {
  explicit Loop(Executor e)
      : executor(e), news(std::make_shared<Bell>(e)), room(std::make_shared<Bell>(e)) {}

  const Executor executor;
  const std::shared_ptr<Bell> news;
  const std::shared_ptr<Bell> room;
  size_t users = 0;
  // Somebody listens, or is about to.
  bool news_wanted = false;
  bool room_wanted = false;
};

struct MessageTopic::State {
  explicit State(Kind kind, TopicOptions o)
      : options(std::move(o)),
        log(options.log != nullptr
                ? std::move(options.log)
                : std::make_unique<MemoryTopicLog>(options.max_messages, options.max_bytes)),
        batch(std::clamp<size_t>(options.max_messages / 8, 1, kBatch)) {
    if (kind == Kind::kKeyed) keyed.emplace(options.max_messages);
  }

  // The functions are called with the mutex locked. That bells are rung under it, too, is what
  // keeps a loop from ending meanwhile: its users leave it before.

  void RingNews() {
    for (Loop& loop : loops) {
      if (std::exchange(loop.news_wanted, false)) loop.news->Ring();
    }
  }
  void RingRoom() {
    for (Loop& loop : loops) {
      if (std::exchange(loop.room_wanted, false)) loop.room->Ring();
    }
  }
  Loop& Enter(const Executor& executor) {
    auto found = std::find_if(loops.begin(), loops.end(),
                              [&](const Loop& loop) { return loop.executor == executor; });
    if (found == loops.end()) found = loops.emplace(loops.end(), executor);
    ++found->users;
    return *found;
  }
  void Leave(Loop& left) {
    if (--left.users > 0) return;
    loops.remove_if([&](const Loop& loop) { return &loop == &left; });
  }

  // Whoever appends rings afterwards.
  absl::StatusOr<std::string> Append(TopicRecord record,
                                     std::shared_ptr<const google::protobuf::Message> message);
  // Those from `next` on, as far as there is room. `id` is that of the last, or an error, which is
  // the end of it.
  void AppendSome(std::vector<Unpublished>& messages, size_t& next,
                  absl::StatusOr<std::string>& id);
  // Whether no subscriber holds publishers up.
  bool HasRoom() const {
    return end || holding_up.empty() || !log->MoreThanHalfAfter(holding_up.begin()->first);
  }

  // Those who hold publishers up do so no longer.
  void GiveUpWaiting();

  TopicOptions options;

  mutable std::mutex mutex;
  const std::unique_ptr<TopicLog> log;
  const size_t batch;
  std::optional<KeyedState> keyed;
  std::list<Loop> loops;
  size_t subscribers = 0;
  // Those with WhenSlow::kWait, by what they need next.
  std::set<std::pair<uint64_t, MessageSubscription*>> holding_up;
  std::optional<absl::Status> end;
};

MessageTopic::MessageTopic(Kind kind, TopicOptions options)
    : state_(std::make_shared<State>(kind, std::move(options))) {}

MessageTopic::~MessageTopic() { Close(absl::UnavailableError("the feed is no longer served")); }

absl::StatusOr<std::string> MessageTopic::Publish(
    std::shared_ptr<const google::protobuf::Message> message, std::string_view key) {
  TopicRecord record = RecordOf(*message, key);
  const std::lock_guard lock(state_->mutex);
  absl::StatusOr<std::string> id = state_->Append(std::move(record), std::move(message));
  state_->RingNews();
  return id;
}

absl::StatusOr<std::string> MessageTopic::Remove(
    std::shared_ptr<const google::protobuf::Message> message, std::string_view key) {
  TopicRecord record = RecordOf(*message, key);
  record.removes_key = true;
  const std::lock_guard lock(state_->mutex);
  absl::StatusOr<std::string> id = state_->Append(std::move(record), std::move(message));
  state_->RingNews();
  return id;
}

absl::StatusOr<std::string> MessageTopic::State::Append(
    TopicRecord record, std::shared_ptr<const google::protobuf::Message> message) {
  if (end) return absl::FailedPreconditionError("the topic is closed");
  if (keyed) {
    const bool known = keyed->Has(record.key);
    if (record.removes_key && !known) {
      return absl::NotFoundError(absl::StrCat("the topic has no value for \"", record.key, "\""));
    }
    if (!known && keyed->size() >= options.max_keys) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the topic has ", keyed->size(), " keys; limit is TopicOptions::max_keys"));
    }
  }
  const uint64_t seq = log->last() + 1;
  std::string id = IdOf(log->epoch(), seq);
  record.message = std::make_shared<const SharedMessage>(std::move(message), id);
  if (keyed) keyed->Apply(seq, record);
  log->Append(std::move(record));
  RingNews();
  return id;
}

void MessageTopic::State::AppendSome(std::vector<Unpublished>& messages, size_t& next,
                                     absl::StatusOr<std::string>& id) {
  for (; next < messages.size() && HasRoom(); ++next) {
    Unpublished& message = messages[next];
    id = Append(std::move(message.record), std::move(message.message));
    if (!id.ok()) next = messages.size() - 1;
  }
  RingNews();
}

void MessageTopic::State::GiveUpWaiting() {
  while (!HasRoom()) {
    holding_up.begin()->second->given_up_ = true;
    holding_up.erase(holding_up.begin());
  }
  RingNews();
  RingRoom();
}

// A publisher who waits.
class MessageTopic::Visit {
 public:
  Visit(State& state, const Executor& executor) : state_(state) {
    const std::lock_guard lock(state_.mutex);
    loop_ = &state_.Enter(executor);
  }
  ~Visit() {
    const std::lock_guard lock(state_.mutex);
    state_.Leave(*loop_);
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  Loop& loop() { return *loop_; }

 private:
  State& state_;
  Loop* loop_;
};

Awaitable<absl::StatusOr<std::string>> MessageTopic::PublishAndWait(
    std::shared_ptr<const google::protobuf::Message> message, std::string key) {
  std::vector<Unpublished> one;
  one.push_back({RecordOf(*message, key), std::move(message)});
  return AppendAll(state_, std::move(one));
}

Awaitable<absl::StatusOr<std::string>> MessageTopic::PublishAllAndWait(Messages messages) {
  std::vector<Unpublished> all;
  all.reserve(messages.size());
  for (auto& message : messages) {
    TopicRecord record = RecordOf(*message, {});
    all.push_back({std::move(record), std::move(message)});
  }
  return AppendAll(state_, std::move(all));
}

Awaitable<absl::StatusOr<std::string>> MessageTopic::AppendAll(std::shared_ptr<State> state,
                                                               std::vector<Unpublished> messages) {
  size_t next = 0;
  absl::StatusOr<std::string> id = std::string();
  {
    const std::lock_guard lock(state->mutex);
    state->AppendSome(messages, next, id);
    if (next == messages.size()) co_return id;
  }
  const Executor executor = co_await asio::this_coro::executor;
  Visit visit(*state, executor);
  Clock& clock = *state->options.clock;
  absl::Time deadline = clock.Now() + state->options.max_wait;
  Signal room;
  while (true) {
    {
      const std::lock_guard lock(state->mutex);
      const size_t before = next;
      state->AppendSome(messages, next, id);
      if (next == messages.size()) co_return id;
      if (next > before) deadline = clock.Now() + state->options.max_wait;
      visit.loop().room_wanted = true;
    }
    const Bell::Listener listener(visit.loop().room, room);
    const absl::Status waited = co_await room.WaitUntil(clock, deadline);
    if (absl::IsDeadlineExceeded(waited)) {
      const std::lock_guard lock(state->mutex);
      state->GiveUpWaiting();
    } else if (!waited.ok()) {
      co_return waited;
    }
  }
}

void MessageTopic::Close(const absl::Status& status) {
  const std::lock_guard lock(state_->mutex);
  if (state_->end) return;
  state_->end = Copy(status);
  state_->RingNews();
  state_->RingRoom();
}

absl::StatusOr<std::unique_ptr<MessageSubscription>> MessageTopic::Subscribe(
    Executor executor, SubscribeOptions options) {
  std::unique_ptr<MessageSubscription> subscription(
      new MessageSubscription(state_, std::move(options)));
  const std::lock_guard lock(state_->mutex);
  RUNNEL_RETURN_IF_ERROR(subscription->Begin());
  subscription->loop_ = &state_->Enter(executor);
  ++state_->subscribers;
  if (subscription->holds_up()) {
    state_->holding_up.emplace(subscription->needed_after(), subscription.get());
  }
  return subscription;
}

size_t MessageTopic::subscribers() const {
  const std::lock_guard lock(state_->mutex);
  return state_->subscribers;
}

MessageSubscription::MessageSubscription(std::shared_ptr<MessageTopic::State> state,
                                         SubscribeOptions options)
    : state_(std::move(state)), options_(std::move(options)) {}

MessageSubscription::~MessageSubscription() {
  if (loop_ == nullptr) return;
  const std::lock_guard lock(state_->mutex);
  if (holds_up()) {
    state_->holding_up.erase({needed_after(), this});
    if (state_->HasRoom()) state_->RingRoom();
  }
  --state_->subscribers;
  state_->Leave(*loop_);
}

absl::Status MessageSubscription::Begin() {
  const TopicLog& log = *state_->log;
  const std::optional<KeyedState>& keyed = state_->keyed;
  bool from_oldest = options_.start == SubscribeOptions::Start::kOldest;
  if (!options_.last_event_id.empty()) {
    const std::optional<uint64_t> seq = SeqOf(log.epoch(), options_.last_event_id);
    const bool known = seq && *seq <= log.last();
    const bool in_log = known && *seq + 1 >= log.first();
    if (in_log || (known && keyed && *seq >= keyed->forgotten())) {
      position_ = *seq;
      if (!in_log) catch_up_ = CatchUp{.from = *seq, .until = log.last(), .knows_keys = true};
      return absl::OkStatus();
    }
    gap_.emplace();
    if (known) gap_->messages = log.first() - 1 - *seq;
    if (options_.on_gap == SubscribeOptions::OnGap::kFail) {
      return WithErrorInfo(absl::OutOfRangeError(absl::StrCat(
                               "the feed cannot go on after \"", options_.last_event_id,
                               "\": it has messages from ", IdOf(log.epoch(), log.first()), " on")),
                           {.reason = "FEED_GAP", .domain = "runnel", .metadata = {}});
    }
    from_oldest = true;
  }
  if (keyed) {
    catch_up_ = CatchUp{.until = log.last()};
  } else {
    position_ = from_oldest ? log.first() - 1 : log.last();
  }
  return absl::OkStatus();
}

Awaitable<absl::StatusOr<SharedMessages>> MessageSubscription::Next() {
  while (true) {
    batch_.clear();
    std::shared_ptr<Bell> bell;
    {
      const std::lock_guard lock(state_->mutex);
      RUNNEL_CO_RETURN_IF_ERROR(Take());
      if (batch_.empty()) bell = loop_->news;
    }
    if (!batch_.empty() || ended_) co_return SharedMessages(batch_);
    std::vector<SharedMessagePtr>().swap(batch_);  // who waits owns nothing
    const Bell::Listener listener(std::move(bell), news_);
    RUNNEL_CO_RETURN_IF_ERROR(co_await news_.Wait());
  }
}

size_t MessageSubscription::room() const {
  if (options_.limit == 0) return state_->batch;
  return static_cast<size_t>(std::min<uint64_t>(state_->batch, options_.limit - taken_));
}

absl::Status MessageSubscription::Take() {
  if (room() == 0) {
    ended_ = true;
    return absl::OkStatus();
  }
  if (given_up_) return TooSlow("its publisher has waited long enough");
  RUNNEL_RETURN_IF_ERROR(FallBack());
  const TopicLog& log = *state_->log;
  if (catch_up_) TakeState();
  if (batch_.empty() && !catch_up_ && position_ < log.last()) {
    log.Read(position_, room(), batch_);
    MoveTo(position_ + batch_.size());
  }
  taken_ += batch_.size();
  if (!batch_.empty()) return absl::OkStatus();
  ended_ = state_->end || (last_ && position_ >= *last_);
  if (state_->end && !last_) return Copy(*state_->end);
  loop_->news_wanted = true;
  return absl::OkStatus();
}

absl::Status MessageSubscription::FallBack() {
  if (catch_up_) return absl::OkStatus();
  const TopicLog& log = *state_->log;
  const uint64_t behind = log.last() - position_;
  const bool gone = position_ + 1 < log.first();
  const bool has_bound = options_.max_behind > 0 && options_.when_slow != WhenSlow::kWait;
  const bool within_bound = !has_bound || behind <= options_.max_behind;
  has_caught_up_ |= within_bound;
  const bool beyond_bound = has_caught_up_ && !within_bound;
  if (!gone && !beyond_bound) return absl::OkStatus();
  if (options_.when_slow != WhenSlow::kDropOldest) {
    return TooSlow(beyond_bound
                       ? absl::StrCat("it is ", behind, " messages behind, and may be ",
                                      options_.max_behind, " (SubscribeOptions::max_behind)")
                       : absl::StrCat("it is ", behind, " messages behind, and the log has ",
                                      log.last() + 1 - log.first()));
  }
  if (state_->keyed) {
    catch_up_ =
        CatchUp{.from = position_, .until = log.last(), .knows_keys = true, .missing = true};
    return absl::OkStatus();
  }
  const uint64_t resumed =
      std::max(log.first() - 1, beyond_bound ? log.last() - options_.max_behind : 0);
  missed_ += resumed - position_;
  MoveTo(resumed);
  return absl::OkStatus();
}

void MessageSubscription::TakeState() {
  const auto removals =
      catch_up_->knows_keys ? KeyedState::Removals::kInclude : KeyedState::Removals::kLeaveOut;
  const uint64_t reached =
      state_->keyed->Read(position_, catch_up_->until, removals, room(), batch_);
  catch_up_->taken += batch_.size();
  if (reached == catch_up_->until) {
    if (catch_up_->missing) missed_ += catch_up_->until - catch_up_->from - catch_up_->taken;
    // needed_after() is the same before and after.
    catch_up_.reset();
  }
  position_ = reached;
}

void MessageSubscription::MoveTo(uint64_t position) {
  if (holds_up()) state_->holding_up.erase({needed_after(), this});
  position_ = position;
  if (!holds_up()) return;
  state_->holding_up.emplace(needed_after(), this);
  if (state_->HasRoom()) state_->RingRoom();
}

void MessageSubscription::Close() {
  {
    const std::lock_guard lock(state_->mutex);
    if (!last_) last_ = state_->log->last();
  }
  news_.Notify();
}

}  // namespace runnel
