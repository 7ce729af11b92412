// MemoryTopicLog is a topic's log in memory: gone with the process.

#ifndef RUNNEL_RUNTIME_TOPIC_MEMORY_TOPIC_LOG_H_
#define RUNNEL_RUNTIME_TOPIC_MEMORY_TOPIC_LOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "runtime/topic/topic_log.h"

namespace runnel {

class MemoryTopicLog final : public TopicLog {
 public:
  // Holds the newest `max_messages` of together at most `max_bytes` (of their binary form, and
  // kOverhead for each), but always the last one. An empty `epoch` stands for a random one. The
  // first message gets the number `first`: for a log that goes on with another's numbers.
  MemoryTopicLog(size_t max_messages, size_t max_bytes, std::string epoch = "", uint64_t first = 1);

  // About what a message takes beside its contents.
  static constexpr size_t kOverhead = 256;

  std::string_view epoch() const override { return epoch_; }
  uint64_t first() const override { return last_ + 1 - entries_.size(); }
  uint64_t last() const override { return last_; }
  void Append(TopicRecord record) override;
  void Read(uint64_t after, size_t max, std::vector<SharedMessagePtr>& out) const override;
  bool MoreThanHalfAfter(uint64_t after) const override;

 private:
  struct Entry {
    SharedMessagePtr message;
    uint64_t end = 0;  // bytes of all messages up to and with this one
  };

  const size_t max_messages_;
  const size_t max_bytes_;
  const std::string epoch_;
  std::deque<Entry> entries_;
  uint64_t last_;
  uint64_t bytes_before_first_ = 0;
  uint64_t bytes_ = 0;  // of all messages there ever were
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_TOPIC_MEMORY_TOPIC_LOG_H_
