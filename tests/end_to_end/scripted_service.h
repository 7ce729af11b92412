// ScriptedService does what its requests say (scripted.proto) and writes down what it saw.

#ifndef RUNNEL_TESTS_END_TO_END_SCRIPTED_SERVICE_H_
#define RUNNEL_TESTS_END_TO_END_SCRIPTED_SERVICE_H_

#include "tests/end_to_end/journal.h"
#include "tests/end_to_end/scripted.runnel.h"

namespace end_to_end {

using v1::Reply;
using v1::Request;
using v1::Script;
using v1::Scripted;

// Thread-safe. The journal has "started", "received" and "written" for each message, "waiting"
// when a handler begins to wait, "cancelled <CODE>" when a wait or a write ended so, "released",
// "returned" when a handler is about to return.
class ScriptedService final : public Scripted::Service {
 public:
  Journal& journal() { return journal_; }

  runnel::Awaitable<absl::StatusOr<Reply>> Unary(runnel::ServerContext& context,
                                                 const Request& request) override;
  runnel::Awaitable<absl::Status> Down(runnel::ServerContext& context, const Request& request,
                                       runnel::Writer<Reply>& out) override;
  runnel::Awaitable<absl::StatusOr<Reply>> Up(runnel::ServerContext& context,
                                              runnel::Reader<Request>& in) override;
  runnel::Awaitable<absl::Status> Both(runnel::ServerContext& context, runnel::Reader<Request>& in,
                                       runnel::Writer<Reply>& out) override;
  runnel::Awaitable<absl::StatusOr<Reply>> Peek(runnel::ServerContext& context,
                                                const Request& request) override;
  runnel::Awaitable<absl::Status> Follow(runnel::ServerContext& context, const Request& request,
                                         runnel::Writer<Reply>& out) override;
  runnel::Awaitable<absl::Status> Mislabelled(runnel::ServerContext& context,
                                              const Request& request,
                                              runnel::Writer<Reply>& out) override;

 private:
  // The script but for its messages.
  runnel::Awaitable<absl::Status> Finish(runnel::ServerContext& context, const Script& script);
  runnel::Awaitable<absl::Status> WriteMessages(runnel::ServerContext& context,
                                                const Script& script, runnel::Writer<Reply>& out);
  absl::Status Noted(absl::Status status);

  Journal journal_;
};

}  // namespace end_to_end

#endif  // RUNNEL_TESTS_END_TO_END_SCRIPTED_SERVICE_H_
