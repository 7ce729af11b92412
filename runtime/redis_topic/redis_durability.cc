#include "runtime/redis_topic/redis_durability.h"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"

namespace runnel {
namespace {

// nullopt when this user may not ask, or Redis does not know.
Awaitable<absl::StatusOr<std::optional<std::string>>> Setting(RedisClient& redis,
                                                              std::string name) {
  std::vector<std::string> ask = {"CONFIG", "GET", name};
  const absl::StatusOr<RedisReply> reply = co_await redis.Command(std::move(ask));
  if (absl::IsUnavailable(reply.status()) || absl::IsCancelled(reply.status())) {
    co_return reply.status();
  }
  const std::string* const value = reply.ok() ? reply->Field(name) : nullptr;
  if (value == nullptr) co_return std::optional<std::string>();
  co_return std::optional<std::string>(*value);
}

}  // namespace

Awaitable<absl::StatusOr<std::string>> DurabilityOf(RedisClient& redis) {
  auto ask_log = Setting(redis, "appendonly");
  RUNNEL_CO_ASSIGN_OR_RETURN(const std::optional<std::string> log, co_await std::move(ask_log));
  auto ask_sync = Setting(redis, "appendfsync");
  RUNNEL_CO_ASSIGN_OR_RETURN(const std::optional<std::string> sync, co_await std::move(ask_sync));
  if (!log || !sync) {
    co_return
        "Redis does not tell (CONFIG GET) whether acknowledged publishes survive its crash: they "
        "do with appendonly yes and appendfsync always";
  }
  if (*log != "yes") {
    co_return
        "acknowledged publishes are lost when Redis ends: it is set to appendonly no; they survive "
        "with appendonly yes and appendfsync always";
  }
  if (*sync == "always") co_return std::string();
  co_return absl::StrCat("acknowledged publishes of about the last ",
                         *sync == "everysec" ? "second" : "30 seconds",
                         " are lost when the machine of Redis crashes: it is set to appendfsync ",
                         *sync, "; none are with always");
}

}  // namespace runnel
