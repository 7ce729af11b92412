#include "runtime/topic/memory_topic_log.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

// Short, so that an id of the first million messages is a string without memory of its own.
std::string RandomEpoch() {
  return absl::StrCat(absl::Hex(std::random_device()(), absl::kZeroPad8));
}

}  // namespace

MemoryTopicLog::MemoryTopicLog(size_t max_messages, size_t max_bytes, std::string epoch,
                               uint64_t first)
    : max_messages_(std::max<size_t>(max_messages, 1)),
      max_bytes_(max_bytes),
      epoch_(epoch.empty() ? RandomEpoch() : std::move(epoch)),
      last_(first - 1) {}

void MemoryTopicLog::Append(TopicRecord record) {
  bytes_ += record.bytes + kOverhead;
  entries_.push_back({std::move(record.message), bytes_});
  ++last_;
  while (entries_.size() > 1 &&
         (entries_.size() > max_messages_ || bytes_ - bytes_before_first_ > max_bytes_)) {
    bytes_before_first_ = entries_.front().end;
    entries_.pop_front();
  }
}

void MemoryTopicLog::Read(uint64_t after, size_t max, std::vector<SharedMessagePtr>& out) const {
  size_t begin = static_cast<size_t>(after + 1 - first());
  const size_t end = begin + std::min(max, entries_.size() - begin);
  for (; begin < end; ++begin) out.push_back(entries_[begin].message);
}

bool MemoryTopicLog::MoreThanHalfAfter(uint64_t after) const {
  if (after >= last_) return false;
  if (after + 1 < first()) return true;
  if ((last_ - after) * 2 > max_messages_) return true;
  const uint64_t before =
      after + 1 == first() ? bytes_before_first_ : entries_[after - first()].end;
  return (bytes_ - before) * 2 > max_bytes_;
}

}  // namespace runnel
