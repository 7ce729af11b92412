// What a publish that Redis has acknowledged does not survive.

#ifndef RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_DURABILITY_H_
#define RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_DURABILITY_H_

#include <string>

#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/redis/redis_client.h"

namespace runnel {

// A sentence for operators, as Redis is set (CONFIG GET); empty when it survives all that Redis'
// disk does. An error when Redis does not answer. The client outlives the call.
Awaitable<absl::StatusOr<std::string>> DurabilityOf(RedisClient& redis);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_DURABILITY_H_
