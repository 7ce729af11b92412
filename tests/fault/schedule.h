// Schedule says what goes wrong in a simulation, and when. As text it is what a failed run prints
// and `random_runs --schedule` takes: faults with their arguments, separated by semicolons.
//
//   cut-reply n=3 bytes=120; cut-all at=2.5s; kill at=4s for=1s

#ifndef RUNNEL_TESTS_FAULT_SCHEDULE_H_
#define RUNNEL_TESTS_FAULT_SCHEDULE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/fault/dice.h"

namespace fault {

// Some happen to one exchange, the `n`th that the client begins (1 is Open); some at a time, `at`
// after the start, or from then on as long as `lasting`; some to every exchange of the run.
enum class FaultKind {
  kCutRequest,      // n bytes: the connection breaks after so many bytes of the request's body
  kCutReply,        // n bytes: … of the response's; 0: it was processed, the answer is lost
  kCutAll,          // at: every connection breaks
  kDouble,          // n for: a second copy arrives, so much later; nobody reads its response
  kLate,            // n for: the client sees a broken connection, the request arrives all the same
  kHold,            // n for: the request takes so long, and later ones overtake it
  kDelay,           // n for: every piece of the response takes so long
  kLatency,         // for: … of every exchange, and every request
  kBuffer,          // a proxy keeps every response until it is complete
  kCutter,          // for: a proxy cuts every response that takes so long
  kLimit,           // bytes: a proxy answers larger requests with 413 and a page of HTML
  kGateway,         // n: a proxy answers 502 with a page of HTML, and does not ask the server
  kGatewayAfter,    // n: … after the server has processed the request
  kGatewayWhile,    // at for: 502 to everything
  kSilenceRequest,  // n: the request never arrives, and nobody is told
  kSilenceReply,    // n bytes: nothing arrives after so many bytes of the response, ditto
  kSilence,         // at for: connections fall silent for ever, new ones during that time too
  kRefuse,          // at for: every connection breaks, new ones are refused
  kKill,  // at for: the server is killed; a new one that knows nothing comes so much later
};

struct Fault {
  FaultKind kind = FaultKind::kCutAll;
  uint64_t exchange = 0;
  uint64_t bytes = 0;
  absl::Duration at;
  absl::Duration lasting;

  std::string ToString() const;
  friend bool operator==(const Fault&, const Fault&) = default;
};

// A value.
struct Schedule {
  std::vector<Fault> faults;

  // A few faults, drawn among the groups in `groups` (Groups(), where empty).
  static Schedule Draw(Dice& dice, const std::vector<std::string>& groups,
                       size_t largest_message_up);
  // INVALID_ARGUMENT names what it does not understand.
  static absl::StatusOr<Schedule> Parse(std::string_view text);
  std::string ToString() const;

  // The names that --faults takes.
  static std::vector<std::string> Groups();

  bool Has(FaultKind kind) const;
  // Whether the server is killed, or stays away longer than a session waits.
  bool EndsSessions() const;
  // When the last timed fault is over.
  absl::Duration End() const;
};

}  // namespace fault

#endif  // RUNNEL_TESTS_FAULT_SCHEDULE_H_
