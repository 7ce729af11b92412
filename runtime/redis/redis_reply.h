// RedisReply is what Redis answers, as a value.

#ifndef RUNNEL_RUNTIME_REDIS_REDIS_REPLY_H_
#define RUNNEL_RUNTIME_REDIS_REDIS_REPLY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct redisReader;

namespace runnel {

struct RedisReply {
  // Errors are statuses, except inside of arrays.
  enum class Type { kNil, kText, kInteger, kArray, kError };

  Type type = Type::kNil;
  std::string text;
  int64_t integer = 0;
  std::vector<RedisReply> elements;

  bool is_nil() const { return type == Type::kNil; }
  bool is_text() const { return type == Type::kText; }
  bool is_integer() const { return type == Type::kInteger; }
  bool is_array() const { return type == Type::kArray; }

  // Of an array of names and values in turn, the value of `name`; null when it is not there.
  const std::string* Field(std::string_view name) const;
};

// An error reply as a status, with a code for what the caller can do about it; `context` says who
// answered what. Redis may quote arguments of a command it does not know: they are left out.
absl::Status StatusOfRedisError(std::string_view error, std::string_view context);

// Takes bytes as they come, gives replies. Not thread-safe.
class RedisReplyParser {
 public:
  RedisReplyParser();
  ~RedisReplyParser();
  RedisReplyParser(const RedisReplyParser&) = delete;
  RedisReplyParser& operator=(const RedisReplyParser&) = delete;

  void Feed(std::string_view bytes);
  // nullopt until there is one; DATA_LOSS, from then on, for bytes that are none.
  absl::StatusOr<std::optional<RedisReply>> Next();

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };
  const std::unique_ptr<redisReader, Free> reader_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_REDIS_REDIS_REPLY_H_
