#include "tests/end_to_end/journal.h"

#include <chrono>

namespace end_to_end {

void Journal::Add(const std::string& event) {
  std::lock_guard lock(mutex_);
  ++counts_[event];
  added_.notify_all();
}

int Journal::Count(const std::string& event) const {
  std::lock_guard lock(mutex_);
  auto found = counts_.find(event);
  return found == counts_.end() ? 0 : found->second;
}

bool Journal::Await(const std::string& event, int times) const {
  std::unique_lock lock(mutex_);
  // By the clock of the day, as older thread sanitizers do not know the other kind of wait.
  return added_.wait_until(lock, std::chrono::system_clock::now() + std::chrono::seconds(30), [&] {
    auto found = counts_.find(event);
    return found != counts_.end() && found->second >= times;
  });
}

}  // namespace end_to_end
