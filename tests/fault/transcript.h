// Transcript is what one end of a simulation saw of its calls, and Judge compares the two with
// what was to be seen.

#ifndef RUNNEL_TESTS_FAULT_TRANSCRIPT_H_
#define RUNNEL_TESTS_FAULT_TRANSCRIPT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/fault/counted.pb.h"
#include "tests/fault/traffic.h"

namespace fault {

// One call, as one end saw it.
struct Observation {
  int started = 0;  // how many times
  absl::Time started_at;
  // The indexes of the messages, as they came; kDamaged where the bytes were not the message's.
  static constexpr int64_t kDamaged = -1;
  std::vector<int64_t> messages;
  // How it ended: the status the client got, the one the handler returned.
  std::optional<absl::Status> ended;
  absl::Time ended_at = absl::InfiniteFuture();

  void Take(size_t call, Direction direction, const std::vector<size_t>& sizes,
            const v1::Item& item);
};

using Transcript = std::vector<Observation>;  // by call

// From the best to the worst.
enum class Class { kIdentical, kSessionLost, kLost, kReordered, kDoubled, kHung };
std::string NameOf(Class c);

struct Verdict {
  Class result = Class::kIdentical;
  std::string why;  // of the worst call
};

// `may_lose_session`: whether the faults give a session a reason to be lost. Where they do not, a
// lost session counts as lost messages.
Verdict Judge(const Traffic& traffic, const Transcript& client, const Transcript& server,
              bool may_lose_session);

}  // namespace fault

#endif  // RUNNEL_TESTS_FAULT_TRANSCRIPT_H_
