// A call of any kind, made in one way, so that a test can be about all of them.

#ifndef RUNNEL_TESTS_END_TO_END_CALLS_H_
#define RUNNEL_TESTS_END_TO_END_CALLS_H_

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "runtime/client/call_options.h"
#include "runtime/core/method_info.h"
#include "tests/end_to_end/world.h"

namespace end_to_end {

using runnel::CallKind;
using runnel::Codec;
using runnel::Protocol;
using runnel::Route;

// One cell of the matrix.
struct CallCase {
  CallKind kind;
  Codec codec;
  Route route;
  Transport transport;
  Protocol protocol = Protocol::kRunnel;
};

// Every kind over every route, in both codecs, in memory and over a connection; and server streams
// by the protocol in which they travel otherwise.
std::vector<CallCase> AllCalls();
std::vector<CallCase> AllCallsOver(Transport transport);
std::string NameOf(const CallCase& call);
void PrintTo(const CallCase& call, std::ostream* out);

WorldOptions OptionsFor(const CallCase& call);

// What a call came to.
struct Outcome {
  absl::Status status;
  std::vector<Reply> replies;
  runnel::Metadata initial;
  runnel::Metadata trailing;
};

// Makes a call whose first, or only, request is `request`, and waits for its end.
Outcome Call(World& world, CallKind kind, Request request, runnel::CallOptions options = {});

// A call that somebody else waits for.
class PendingCall {
 public:
  PendingCall(World& world, CallKind kind, Request request, runnel::CallOptions options = {});
  // The stub outlives the call; `executor` is its channel's.
  PendingCall(runnel::Executor executor, Scripted::Stub& stub, CallKind kind, Request request,
              runnel::CallOptions options = {});
  ~PendingCall();

  // A unary call's coroutine is cancelled; a stream has Cancel().
  void Cancel();
  // Waits for the end. Once.
  Outcome Await();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace end_to_end

#endif  // RUNNEL_TESTS_END_TO_END_CALLS_H_
