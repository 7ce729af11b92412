#include "runtime/redis/redis_client.h"

#include <openssl/evp.h>

#include <boost/asio/dispatch.hpp>
#include <mutex>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "runtime/async/clock.h"
#include "runtime/async/on_executor.h"
#include "runtime/async/signal.h"
#include "runtime/async/task_group.h"
#include "runtime/client/backoff.h"
#include "runtime/core/status_macros.h"
#include "runtime/redis/redis_connection.h"

namespace runnel {
namespace {

// The name by which Redis knows a script.
std::string HashOf(const std::string& script) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(script.data(), script.size(), digest, &size, EVP_sha1(), nullptr);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), size));
}

// A copy that shares nothing with `status`, for another thread (see MessageTopic).
absl::Status Copy(const absl::Status& status) {
  return absl::Status(status.code(), status.message());
}

}  // namespace

// Shared with the coroutines, which may end after the client. Everything happens on the loop,
// except for state().
class RedisClient::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(Executor executor, RedisOptions options)
      : executor_(std::move(executor)), options_(std::move(options)), tasks_(executor_) {
    state_.since = options_.clock->Now();
  }

  const Executor& executor() const { return executor_; }
  const RedisOptions& options() const { return options_; }
  State state() const {
    const std::lock_guard lock(mutex_);
    return state_;
  }

  void Start() { tasks_.Spawn(KeepConnected(shared_from_this())); }
  void Stop() {
    stopped_ = true;
    connecting_ = false;
    problem_ = absl::CancelledError("the Redis client is gone");
    if (connection_ != nullptr) connection_->Close(problem_);
    changed_.Notify();
    tasks_.Cancel();
  }

  static Awaitable<absl::StatusOr<RedisReply>> Command(std::shared_ptr<Core> self,
                                                       std::vector<std::string> args,
                                                       absl::Duration timeout) {
    const absl::Time deadline = self->options_.clock->Now() + timeout;
    while (self->connection_ == nullptr && self->connecting_) {
      const absl::Status waited =
          co_await self->changed_.WaitUntil(*self->options_.clock, deadline);
      if (absl::IsDeadlineExceeded(waited)) break;
      RUNNEL_CO_RETURN_IF_ERROR(waited);
    }
    const std::shared_ptr<RedisConnection> connection = self->connection_;
    if (connection == nullptr) co_return Copy(self->problem_);
    co_return co_await Call(self, connection, std::move(args), deadline);
  }

  static Awaitable<absl::StatusOr<RedisReply>> Eval(std::shared_ptr<Core> self, std::string script,
                                                    std::vector<std::string> keys,
                                                    std::vector<std::string> args) {
    std::vector<std::string> command = {"EVALSHA", HashOf(script), std::to_string(keys.size())};
    for (std::string& key : keys) command.push_back(std::move(key));
    for (std::string& arg : args) command.push_back(std::move(arg));
    const absl::Duration timeout = self->options_.command_timeout;
    absl::StatusOr<RedisReply> reply = co_await Command(self, command, timeout);
    if (!absl::IsNotFound(reply.status())) co_return reply;
    command[0] = "EVAL";
    command[1] = std::move(script);
    co_return co_await Command(self, std::move(command), timeout);
  }

  static Awaitable<absl::Status> Connected(std::shared_ptr<Core> self, absl::Time deadline) {
    while (self->connection_ == nullptr && !self->stopped_) {
      const absl::Status waited =
          co_await self->changed_.WaitUntil(*self->options_.clock, deadline);
      if (absl::IsDeadlineExceeded(waited)) {
        co_return absl::DeadlineExceededError(self->problem_.message());
      }
      RUNNEL_CO_RETURN_IF_ERROR(waited);
    }
    co_return self->stopped_ ? Copy(self->problem_) : absl::OkStatus();
  }

 private:
  static Awaitable<absl::StatusOr<RedisReply>> Call(std::shared_ptr<Core> self,
                                                    std::shared_ptr<RedisConnection> connection,
                                                    std::vector<std::string> args,
                                                    absl::Time deadline) {
    const std::shared_ptr<RedisCall> call = connection->Send(args);
    args.clear();
    while (!call->reply) {
      const absl::Status waited = co_await call->replied.WaitUntil(*self->options_.clock, deadline);
      if (absl::IsDeadlineExceeded(waited)) {
        connection->Close(absl::UnavailableError("Redis did not answer in time"));
      } else if (!waited.ok() && !call->reply) {
        co_return absl::CancelledError(
            absl::StrCat(call->what, ": cancelled, it may have been done or not"));
      }
    }
    co_return *std::move(call->reply);
  }

  // One connection after another.
  static Awaitable<void> KeepConnected(std::shared_ptr<Core> self) {
    Backoff backoff(self->options_.first_pause, self->options_.longest_pause);
    while (!self->stopped_) {
      const absl::Time deadline = self->options_.clock->Now() + self->options_.connect_timeout;
      absl::StatusOr<std::shared_ptr<RedisConnection>> connection =
          co_await RedisConnection::Connect(self->options_, deadline);
      absl::Status ended = connection.status();
      if (self->stopped_) co_return;
      if (ended.ok()) {
        self->tasks_.Spawn(Greet(self, *connection, deadline));
        ended = co_await (*connection)->Run();
      }
      if (self->stopped_ || absl::IsCancelled(ended)) co_return;
      const bool was_connected = self->Lost(ended);
      if (was_connected) {
        backoff.Reset();
        continue;  // the first attempt is made at once
      }
      const absl::Status slept = co_await SleepFor(*self->options_.clock, backoff.Next());
      if (!slept.ok()) co_return;
      self->connecting_ = true;
    }
  }

  // AUTH and SELECT, and then the connection is for everybody.
  static Awaitable<void> Greet(std::shared_ptr<Core> self,
                               std::shared_ptr<RedisConnection> connection, absl::Time deadline) {
    const RedisOptions& options = self->options_;
    std::vector<std::vector<std::string>> commands;
    if (!options.password.empty()) {
      commands.push_back(
          {"AUTH", options.user.empty() ? "default" : options.user, options.password});
    }
    if (options.database != 0) commands.push_back({"SELECT", std::to_string(options.database)});
    // Who cannot use the server for another reason (it is loading its data, say) learns it here.
    commands.push_back({"PING"});
    for (std::vector<std::string>& command : commands) {
      const absl::StatusOr<RedisReply> reply =
          co_await Call(self, connection, std::move(command), deadline);
      if (!reply.ok()) {
        connection->Close(absl::UnavailableError(reply.status().message()));
        co_return;
      }
    }
    if (connection->closed() || self->stopped_) co_return;
    self->connection_ = std::move(connection);
    self->connecting_ = false;
    uint64_t connections = 0;
    {
      const std::lock_guard lock(self->mutex_);
      self->state_.connected = true;
      self->state_.since = options.clock->Now();
      self->state_.problem.clear();
      connections = ++self->state_.connections;
    }
    if (connections > 1 || std::exchange(self->said_problem_, false)) {
      self->Say(absl::StrCat("Redis at ", options.Address(), " is there again"));
    }
    self->said_problem_ = false;
    self->changed_.Notify();
  }

  // Whether there had been a connection.
  bool Lost(const absl::Status& why) {
    const bool was_connected = connection_ != nullptr;
    connection_ = nullptr;
    connecting_ = was_connected;
    problem_ = absl::UnavailableError(why.message());
    {
      const std::lock_guard lock(mutex_);
      if (state_.connected) state_.since = options_.clock->Now();
      state_.connected = false;
      state_.problem = std::string(why.message());
    }
    if (!std::exchange(said_problem_, true)) Say(std::string(why.message()));
    changed_.Notify();
    return was_connected;
  }

  void Say(const std::string& line) const {
    if (options_.log != nullptr) options_.log(line);
  }

  const Executor executor_;
  const RedisOptions options_;

  std::shared_ptr<RedisConnection> connection_;
  bool connecting_ = true;
  bool stopped_ = false;
  bool said_problem_ = false;
  absl::Status problem_ = absl::UnavailableError("not connected to Redis yet");
  Signal changed_;

  mutable std::mutex mutex_;
  State state_;

  TaskGroup tasks_;
};

RedisClient::RedisClient(Executor executor, RedisOptions options)
    : core_(std::make_shared<Core>(std::move(executor), std::move(options))) {
  asio::dispatch(core_->executor(), [core = core_] { core->Start(); });
}

RedisClient::~RedisClient() {
  asio::dispatch(core_->executor(), [core = core_] { core->Stop(); });
}

Awaitable<absl::StatusOr<RedisReply>> RedisClient::Command(std::vector<std::string> args,
                                                           std::optional<absl::Duration> timeout) {
  const std::shared_ptr<Core> core = core_;
  auto command =
      Core::Command(core, std::move(args), timeout.value_or(core->options().command_timeout));
  co_return co_await OnExecutor(core->executor(), std::move(command));
}

Awaitable<absl::StatusOr<RedisReply>> RedisClient::Eval(std::string script,
                                                        std::vector<std::string> keys,
                                                        std::vector<std::string> args) {
  const std::shared_ptr<Core> core = core_;
  auto eval = Core::Eval(core, std::move(script), std::move(keys), std::move(args));
  co_return co_await OnExecutor(core->executor(), std::move(eval));
}

Awaitable<absl::Status> RedisClient::Connected(absl::Time deadline) {
  const std::shared_ptr<Core> core = core_;
  auto connected = Core::Connected(core, deadline);
  co_return co_await OnExecutor(core->executor(), std::move(connected));
}

RedisClient::State RedisClient::state() const { return core_->state(); }
const RedisOptions& RedisClient::options() const { return core_->options(); }
const Executor& RedisClient::executor() const { return core_->executor(); }

}  // namespace runnel
