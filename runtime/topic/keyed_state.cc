#include "runtime/topic/keyed_state.h"

namespace runnel {

bool KeyedState::Has(std::string_view key) const {
  const auto found = seq_of_.find(std::string(key));
  return found != seq_of_.end() && !removals_.contains(found->second);
}

void KeyedState::Apply(uint64_t seq, const TopicRecord& record) {
  const auto [position, is_new] = seq_of_.try_emplace(record.key, seq);
  if (!is_new) {
    entries_.erase(position->second);
    removals_.erase(position->second);
    position->second = seq;
  }
  entries_.insert({seq, Entry{record.key, record.removes_key, record.message}});
  if (!record.removes_key) return;
  removals_.insert(seq);
  if (removals_.size() <= max_removals_) return;
  forgotten_ = *removals_.begin();
  removals_.erase(removals_.begin());
  const auto oldest = entries_.find(forgotten_);
  seq_of_.erase(oldest->second.key);
  entries_.erase(oldest);
}

uint64_t KeyedState::Read(uint64_t after, uint64_t until, Removals removals, size_t max,
                          std::vector<SharedMessagePtr>& out) const {
  for (auto entry = entries_.upper_bound(after); entry != entries_.end(); ++entry) {
    if (entry->first > until) break;
    if (max == 0) return after;
    after = entry->first;
    if (entry->second.removed && removals == Removals::kLeaveOut) continue;
    out.push_back(entry->second.message);
    --max;
  }
  return until;
}

}  // namespace runnel
