#include "tests/end_to_end/scripted_service.h"

#include <stdexcept>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/status_details.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"

namespace end_to_end {
namespace {

void BeginReply(runnel::ServerContext& context, const Script& script) {
  for (const v1::Entry& entry : script.initial()) {
    context.AddInitialMetadata(entry.key(), entry.value());
  }
  for (const v1::Entry& entry : script.trailing()) {
    context.AddTrailingMetadata(entry.key(), entry.value());
  }
}

Reply MakeReply(runnel::ServerContext& context, const Script& script, int64_t number) {
  Reply reply;
  if (script.bare()) return reply;
  reply.set_number(number);
  reply.set_payload(std::string(static_cast<size_t>(script.payload_bytes()), 'x'));
  if (number > 0) return reply;
  for (const auto& [key, value] : context.client_metadata()) {
    v1::Entry& entry = *reply.add_metadata();
    entry.set_key(key);
    entry.set_value(value);
  }
  if (context.time_left() != absl::InfiniteDuration()) {
    reply.set_time_left_ms(absl::ToInt64Milliseconds(context.time_left()));
  }
  reply.set_peer(context.peer());
  reply.set_principal(context.principal());
  return reply;
}

absl::Status StatusOf(const v1::Failure& failure) {
  absl::Status status(static_cast<absl::StatusCode>(failure.code()),
                      runnel::AbslView(failure.message()));
  if (!failure.reason().empty()) {
    status = runnel::WithErrorInfo(
        std::move(status),
        {.reason = failure.reason(), .domain = "test", .metadata = {{"key", "value"}}});
  }
  if (failure.has_retry_after()) runnel::AddDetail(status, failure.retry_after());
  return status;
}

}  // namespace

absl::Status ScriptedService::Noted(absl::Status status) {
  if (!status.ok()) {
    journal_.Add("cancelled " + absl::StatusCodeToString(status.code()));
    const std::string reason = runnel::ReasonOf(status);
    if (!reason.empty()) journal_.Add("cancelled for " + reason);
  }
  return status;
}

runnel::Awaitable<absl::Status> ScriptedService::Finish(runnel::ServerContext& context,
                                                        const Script& script) {
  if (script.throw_exception()) throw std::runtime_error("thrown on purpose");
  if (script.wait_for_cancel()) {
    journal_.Add("waiting");
    RUNNEL_CO_RETURN_IF_ERROR(Noted(co_await context.Sleep(absl::Hours(24))));
  }
  if (script.wait_for_release()) {
    journal_.Add("waiting");
    const bool released = co_await context.RunBlocking([&] { return journal_.Await("release"); });
    journal_.Add(released ? "released" : "never released");
  }
  if (script.has_fail()) co_return StatusOf(script.fail());
  co_return absl::OkStatus();
}

runnel::Awaitable<absl::Status> ScriptedService::WriteMessages(runnel::ServerContext& context,
                                                               const Script& script,
                                                               runnel::Writer<Reply>& out) {
  for (int i = 0; i < script.count(); ++i) {
    const Reply reply = MakeReply(context, script, i);
    RUNNEL_CO_RETURN_IF_ERROR(Noted(co_await out.Write(reply)));
    journal_.Add("written");
  }
  co_return absl::OkStatus();
}

runnel::Awaitable<absl::StatusOr<Reply>> ScriptedService::Unary(runnel::ServerContext& context,
                                                                const Request& request) {
  journal_.Add("started");
  BeginReply(context, request.script());
  RUNNEL_CO_RETURN_IF_ERROR(co_await Finish(context, request.script()));
  Reply reply = MakeReply(context, request.script(), 0);
  reply.set_number(request.number());
  reply.set_text(request.text());
  if (request.script().payload_bytes() == 0) reply.set_payload(request.payload());
  journal_.Add("returned");
  co_return reply;
}

runnel::Awaitable<absl::Status> ScriptedService::Down(runnel::ServerContext& context,
                                                      const Request& request,
                                                      runnel::Writer<Reply>& out) {
  journal_.Add("started");
  BeginReply(context, request.script());
  RUNNEL_CO_RETURN_IF_ERROR(co_await WriteMessages(context, request.script(), out));
  RUNNEL_CO_RETURN_IF_ERROR(co_await Finish(context, request.script()));
  journal_.Add("returned");
  co_return absl::OkStatus();
}

runnel::Awaitable<absl::StatusOr<Reply>> ScriptedService::Up(runnel::ServerContext& context,
                                                             runnel::Reader<Request>& in) {
  journal_.Add("started");
  RUNNEL_CO_ASSIGN_OR_RETURN(std::optional<Request> first, co_await in.Read());
  if (!first) co_return absl::InvalidArgumentError("no request at all");
  BeginReply(context, first->script());
  Reply reply = MakeReply(context, first->script(), 0);
  reply.set_number(first->number());
  int64_t sum = first->number();
  int64_t received = 0;
  while (!first->script().early()) {
    absl::StatusOr<std::optional<Request>> next = co_await in.Read();
    RUNNEL_CO_RETURN_IF_ERROR(Noted(next.status()));
    if (!*next) break;
    journal_.Add("received");
    sum += (*next)->number();
    ++received;
  }
  RUNNEL_CO_RETURN_IF_ERROR(co_await Finish(context, first->script()));
  reply.set_sum(sum);
  reply.set_received(received);
  journal_.Add("returned");
  co_return reply;
}

runnel::Awaitable<absl::Status> ScriptedService::Both(runnel::ServerContext& context,
                                                      runnel::Reader<Request>& in,
                                                      runnel::Writer<Reply>& out) {
  journal_.Add("started");
  RUNNEL_CO_ASSIGN_OR_RETURN(std::optional<Request> first, co_await in.Read());
  if (!first) co_return absl::InvalidArgumentError("no request at all");
  BeginReply(context, first->script());
  while (!first->script().early()) {
    absl::StatusOr<std::optional<Request>> next = co_await in.Read();
    RUNNEL_CO_RETURN_IF_ERROR(Noted(next.status()));
    if (!*next) break;
    journal_.Add("received");
    Reply reply;
    reply.set_number((*next)->number());
    reply.set_payload((*next)->payload());
    reply.set_text((*next)->text());
    RUNNEL_CO_RETURN_IF_ERROR(Noted(co_await out.Write(reply)));
  }
  RUNNEL_CO_RETURN_IF_ERROR(co_await WriteMessages(context, first->script(), out));
  RUNNEL_CO_RETURN_IF_ERROR(co_await Finish(context, first->script()));
  journal_.Add("returned");
  co_return absl::OkStatus();
}

runnel::Awaitable<absl::StatusOr<Reply>> ScriptedService::Peek(runnel::ServerContext& context,
                                                               const Request& request) {
  return Unary(context, request);
}

runnel::Awaitable<absl::Status> ScriptedService::Follow(runnel::ServerContext& context,
                                                        const Request& request,
                                                        runnel::Writer<Reply>& out) {
  journal_.Add("started");
  int64_t last = 0;
  if (!context.last_event_id().empty() && !absl::SimpleAtoi(context.last_event_id(), &last)) {
    co_return absl::InvalidArgumentError("the last event id is no number");
  }
  for (int64_t number = last + 1; number <= request.script().count(); ++number) {
    Reply reply;
    reply.set_number(number);
    const std::string id = absl::StrCat(number);
    RUNNEL_CO_RETURN_IF_ERROR(Noted(co_await out.WriteWithId(reply, id)));
  }
  RUNNEL_CO_RETURN_IF_ERROR(co_await Finish(context, request.script()));
  co_return absl::OkStatus();
}

runnel::Awaitable<absl::Status> ScriptedService::Mislabelled(runnel::ServerContext&, const Request&,
                                                             runnel::Writer<Reply>& out) {
  const Reply reply;
  co_return co_await out.WriteWithId(reply, "1");
}

}  // namespace end_to_end
