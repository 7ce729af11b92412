#include "runtime/redis_topic/redis_feed.h"

#include <boost/asio/dispatch.hpp>
#include <cstdio>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/async/on_executor.h"
#include "runtime/async/task_group.h"
#include "runtime/core/string_view.h"
#include "runtime/redis_topic/redis_publisher.h"
#include "runtime/redis_topic/redis_reader.h"

namespace runnel {
namespace {

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

}  // namespace

// Shared with the coroutines. Everything happens on the loop, except for topic() and status().
class RedisFeed::Core {
 public:
  Core(std::shared_ptr<RedisClient> client, std::string name,
       const google::protobuf::Message& prototype, RedisTopicOptions options)
      : name_(std::move(name)),
        options_(std::move(options)),
        client_(std::move(client)),
        tasks_(client_->executor()) {
    const std::string stream = absl::StrCat("runnel:feed:{", name_, "}");
    const Log log = LogOf(name_, options_.log);
    reader_ = std::make_shared<RedisReader>(client_, name_, stream, prototype, options_, log);
    publisher_ = std::make_shared<RedisPublisher>(client_, stream, options_, log);
  }

  const Executor& executor() const { return client_->executor(); }
  std::shared_ptr<MessageTopic> topic() const { return reader_->topic(); }
  RedisTopicStatus status() const {
    RedisTopicStatus status;
    status.name = name_;
    reader_->AddTo(status);
    publisher_->AddTo(status);
    return status;
  }

  static void Start(const std::shared_ptr<Core>& self) {
    self->tasks_.Spawn(Read(self));
    self->tasks_.Spawn(Publish(self));
  }

  void Close(const absl::Status& status) {
    publisher_->Stop(absl::FailedPreconditionError("the topic is closed"));
    reader_->Close(status);
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
    auto found = RedisReader::TopicFor(self->reader_, std::move(last_event_id));
    co_return co_await OnExecutor(self->executor(), std::move(found));
  }

 private:
  // They keep it, and with it the options.
  static Awaitable<void> Read(std::shared_ptr<Core> self) {
    co_await RedisReader::Run(self->reader_);
  }
  static Awaitable<void> Publish(std::shared_ptr<Core> self) {
    co_await RedisPublisher::Run(self->publisher_);
  }

  const std::string name_;
  const RedisTopicOptions options_;
  const std::shared_ptr<RedisClient> client_;
  std::shared_ptr<RedisReader> reader_;
  std::shared_ptr<RedisPublisher> publisher_;
  TaskGroup tasks_;
};

// Through which others look at a core, which is their feed's and none of theirs: it must not be
// they who destroy it.
struct RedisFeed::Window {
  std::mutex mutex;
  Core* core = nullptr;
};

RedisFeed::RedisFeed(std::shared_ptr<RedisClient> client, std::string name,
                     const google::protobuf::Message& prototype, RedisTopicOptions options)
    : core_(std::make_shared<Core>(std::move(client), std::move(name), prototype,
                                   std::move(options))),
      window_(std::make_shared<Window>()) {
  window_->core = core_.get();
  asio::dispatch(core_->executor(), [core = core_] { Core::Start(core); });
}

RedisFeed::~RedisFeed() {
  {
    const std::lock_guard lock(window_->mutex);
    window_->core = nullptr;
  }
  Close(absl::UnavailableError("the feed is no longer served"));
}

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

std::function<std::optional<RedisTopicStatus>()> RedisFeed::status_source() const {
  return [window = window_]() -> std::optional<RedisTopicStatus> {
    const std::lock_guard lock(window->mutex);
    if (window->core == nullptr) return std::nullopt;
    return window->core->status();
  };
}

}  // namespace runnel
