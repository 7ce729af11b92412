// KeyedState is what a keyed topic knows besides its log: the newest message about each key.

#ifndef RUNNEL_RUNTIME_TOPIC_KEYED_STATE_H_
#define RUNNEL_RUNTIME_TOPIC_KEYED_STATE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/topic/topic_log.h"

namespace runnel {

// In the order of the messages' numbers, so that a reader needs to know only how far it is: what
// changes meanwhile has a higher number and comes later. Not thread-safe.
class KeyedState {
 public:
  // Remembers so many removals, the newest, for readers that know the keys.
  explicit KeyedState(size_t max_removals) : max_removals_(max_removals) {}

  // Keys that have a value.
  size_t size() const { return entries_.size() - removals_.size(); }
  bool Has(std::string_view key) const;

  // `seq` is above all before.
  void Apply(uint64_t seq, const TopicRecord& record);

  // Appends to `out` up to `max` messages whose numbers are above `after` and at most `until`,
  // those about removed keys only if wanted. Returns the number up to which that is all: `until`
  // when nothing is left.
  enum class Removals { kLeaveOut, kInclude };
  uint64_t Read(uint64_t after, uint64_t until, Removals removals, size_t max,
                std::vector<SharedMessagePtr>& out) const;

  // A removal up to this number may have been forgotten: who has seen less may have keys that are
  // gone.
  uint64_t forgotten() const { return forgotten_; }

 private:
  struct Entry {
    std::string key;
    bool removed = false;
    SharedMessagePtr message;
  };

  const size_t max_removals_;
  std::map<uint64_t, Entry> entries_;                 // by number
  std::unordered_map<std::string, uint64_t> seq_of_;  // by key
  std::set<uint64_t> removals_;                       // those of entries_ about keys that are gone
  uint64_t forgotten_ = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_TOPIC_KEYED_STATE_H_
