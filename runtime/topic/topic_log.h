// TopicLog keeps the newest messages of a topic, so that subscribers who were away for a while, or
// read slowly, miss nothing.

#ifndef RUNNEL_RUNTIME_TOPIC_TOPIC_LOG_H_
#define RUNNEL_RUNTIME_TOPIC_TOPIC_LOG_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/call/shared_message.h"

namespace runnel {

// What is appended: a message, and for keyed topics what it is about.
struct TopicRecord {
  SharedMessagePtr message;
  size_t bytes = 0;  // of its binary form
  std::string key;
  bool removes_key = false;
};

// Messages are numbered from 1, without gaps; the log has those from first() to last(). The topic
// calls one function at a time, from any thread and under a lock: none may block.
class TopicLog {
 public:
  virtual ~TopicLog() = default;

  // Which life of the topic the numbers belong to: ids are "<epoch>-<number>". From [A-Za-z0-9._],
  // not empty. A log that forgets its messages at a restart has another one afterwards.
  virtual std::string_view epoch() const = 0;

  // last() + 1 and last() while it is empty.
  virtual uint64_t first() const = 0;
  virtual uint64_t last() const = 0;

  // Adds the message with the number last() + 1, which may push out the oldest.
  virtual void Append(TopicRecord record) = 0;

  // Appends to `out` up to `max` messages after `after`, which is from first() - 1 to last().
  virtual void Read(uint64_t after, size_t max, std::vector<SharedMessagePtr>& out) const = 0;

  // Whether more than half of what the log can hold comes after the message `after`: then whoever
  // has that one only should get on, or will lose what follows.
  virtual bool MoreThanHalfAfter(uint64_t after) const = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_TOPIC_TOPIC_LOG_H_
