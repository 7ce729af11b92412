// Journal tells a test what happened on the other side, and lets it wait for that.

#ifndef RUNNEL_TESTS_END_TO_END_JOURNAL_H_
#define RUNNEL_TESTS_END_TO_END_JOURNAL_H_

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

namespace end_to_end {

// Thread-safe.
class Journal {
 public:
  void Add(const std::string& event);
  int Count(const std::string& event) const;
  // Blocks until `event` has been added `times` times. False when that takes for ever.
  bool Await(const std::string& event, int times = 1) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable added_;
  std::map<std::string, int> counts_;
};

}  // namespace end_to_end

#endif  // RUNNEL_TESTS_END_TO_END_JOURNAL_H_
