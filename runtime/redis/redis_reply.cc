#include "runtime/redis/redis_reply.h"

#include <hiredis/hiredis.h>

#include <iterator>
#include <new>

#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"

namespace runnel {
namespace {

RedisReply Value(const redisReply& reply) {
  RedisReply value;
  switch (reply.type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      value.type = RedisReply::Type::kText;
      value.text.assign(reply.str, reply.len);
      break;
    case REDIS_REPLY_ERROR:
      value.type = RedisReply::Type::kError;
      value.text.assign(reply.str, reply.len);
      break;
    case REDIS_REPLY_INTEGER:
      value.type = RedisReply::Type::kInteger;
      value.integer = reply.integer;
      break;
    case REDIS_REPLY_ARRAY:
      value.type = RedisReply::Type::kArray;
      value.elements.reserve(reply.elements);
      for (size_t i = 0; i < reply.elements; ++i)
        value.elements.push_back(Value(*reply.element[i]));
      break;
    default:
      break;
  }
  return value;
}

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};

absl::StatusCode CodeOf(std::string_view kind) {
  struct Kind {
    std::string_view name;
    absl::StatusCode code;
  };
  // Away for a while, or not the one that writes: another attempt may find better.
  static constexpr Kind kKinds[] = {
      {"LOADING", absl::StatusCode::kUnavailable},
      {"BUSY", absl::StatusCode::kUnavailable},
      {"READONLY", absl::StatusCode::kUnavailable},
      {"MASTERDOWN", absl::StatusCode::kUnavailable},
      {"MISCONF", absl::StatusCode::kUnavailable},
      {"NOREPLICAS", absl::StatusCode::kUnavailable},
      {"CLUSTERDOWN", absl::StatusCode::kUnavailable},
      {"TRYAGAIN", absl::StatusCode::kUnavailable},
      {"UNBLOCKED", absl::StatusCode::kUnavailable},
      {"OOM", absl::StatusCode::kResourceExhausted},
      {"NOAUTH", absl::StatusCode::kUnauthenticated},
      {"WRONGPASS", absl::StatusCode::kUnauthenticated},
      {"NOPERM", absl::StatusCode::kPermissionDenied},
      {"NOSCRIPT", absl::StatusCode::kNotFound},
  };
  for (const Kind& known : kKinds) {
    if (known.name == kind) return known.code;
  }
  return absl::StatusCode::kFailedPrecondition;
}

}  // namespace

const std::string* RedisReply::Field(std::string_view name) const {
  for (size_t i = 0; i + 1 < elements.size(); i += 2) {
    if (elements[i].text == name) return &elements[i + 1].text;
  }
  return nullptr;
}

absl::Status StatusOfRedisError(std::string_view error, std::string_view context) {
  absl::StatusCode code = CodeOf(error.substr(0, error.find(' ')));
  // NOPERM, of what a script does.
  if (error.find("The user executing the script can't") != error.npos) {
    code = absl::StatusCode::kPermissionDenied;
  }
  error = error.substr(0, error.find(", with args beginning with"));
  return absl::Status(code, absl::StrCat(AbslView(context), ": ", AbslView(error)));
}

RedisReplyParser::RedisReplyParser() : reader_(redisReaderCreate()) {
  if (reader_ == nullptr) throw std::bad_alloc();
}
RedisReplyParser::~RedisReplyParser() = default;

void RedisReplyParser::Free::operator()(redisReader* reader) const { redisReaderFree(reader); }

void RedisReplyParser::Feed(std::string_view bytes) {
  redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
}

absl::StatusOr<std::optional<RedisReply>> RedisReplyParser::Next() {
  void* parsed = nullptr;
  if (redisReaderGetReply(reader_.get(), &parsed) != REDIS_OK) {
    return absl::DataLossError(absl::StrCat("what it sent is not Redis' protocol (",
                                            static_cast<const char*>(reader_->errstr), ")"));
  }
  if (parsed == nullptr) return std::optional<RedisReply>();
  const std::unique_ptr<redisReply, FreeReply> reply(static_cast<redisReply*>(parsed));
  return std::optional<RedisReply>(Value(*reply));
}

}  // namespace runnel
