// Traffic is what a simulation has its client call: how many calls, of which kinds, with which
// messages. Both ends know it, so each knows what it must see.

#ifndef RUNNEL_TESTS_FAULT_TRAFFIC_H_
#define RUNNEL_TESTS_FAULT_TRAFFIC_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "runtime/core/codec.h"
#include "runtime/core/method_info.h"
#include "tests/fault/dice.h"

namespace fault {

enum class Direction { kUp, kDown };

// One call. A value.
struct CallPlan {
  runnel::CallKind kind = runnel::CallKind::kUnary;
  absl::Duration start;  // after the simulation's
  // The payloads of the messages in each direction.
  std::vector<size_t> up;
  std::vector<size_t> down;
  // How long each end waits between two of its messages, and the client between two reads.
  absl::Duration pause_up;
  absl::Duration pause_down;
  absl::Duration pause_read;
  // What the handler returns. A call with one response has none where this is an error.
  absl::StatusCode outcome = absl::StatusCode::kOk;

  // The messages that the client is to see.
  size_t replies() const;
};

// A value.
struct Traffic {
  runnel::Codec codec = runnel::Codec::kProto;
  std::vector<CallPlan> calls;

  // What is not given is drawn.
  static Traffic Draw(Dice& dice, std::optional<runnel::CallKind> kind,
                      std::optional<runnel::Codec> codec);

  size_t largest_message_up() const;
  // One line for each call.
  std::string ToString() const;
};

std::string NameOf(runnel::CallKind kind);

// The bytes of one message.
std::string PayloadOf(size_t call, Direction direction, size_t index, size_t size);
absl::Status OutcomeOf(const CallPlan& call);

}  // namespace fault

#endif  // RUNNEL_TESTS_FAULT_TRAFFIC_H_
