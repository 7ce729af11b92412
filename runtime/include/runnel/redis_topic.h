// Feeds of several servers, over Redis: RedisTopic<T>, and the RedisClient it needs. Depend on
// @runnel//runtime:redis_topic.

#ifndef RUNNEL_REDIS_TOPIC_H_
#define RUNNEL_REDIS_TOPIC_H_

#include "runtime/async/io_thread.h"
#include "runtime/redis/redis_client.h"
#include "runtime/redis_topic/redis_topic.h"

#endif  // RUNNEL_REDIS_TOPIC_H_
