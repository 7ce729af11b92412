#include "tests/interop/interop_service.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace interop {
namespace {

constexpr uint32_t kMaxDelayMs = 60'000;
constexpr uint32_t kMaxCount = 1'000'000;
constexpr uint32_t kMaxBytes = 64 * 1024 * 1024;

absl::Status CheckAtMost(uint32_t value, uint32_t limit, const char* name) {
  if (value <= limit) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(name, " is ", value, "; at most ", limit, " will do"));
}

absl::Status Check(const v1::Plan& plan) {
  RUNNEL_RETURN_IF_ERROR(CheckAtMost(plan.delay_ms(), kMaxDelayMs, "delay_ms"));
  RUNNEL_RETURN_IF_ERROR(CheckAtMost(plan.count(), kMaxCount, "count"));
  RUNNEL_RETURN_IF_ERROR(CheckAtMost(plan.size(), kMaxBytes, "size"));
  if (v1::Error::Code_IsValid(plan.error().code())) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(plan.error().code(), " is no code"));
}

absl::Status StatusOf(const v1::Error& error) {
  absl::Status status(static_cast<absl::StatusCode>(error.code()), error.message());
  for (const google::protobuf::Any& detail : error.details()) {
    const std::string& url = detail.type_url();
    runnel::AddDetail(status, {url.substr(url.rfind('/') + 1), detail.value()});
  }
  return status;
}

void EchoMetadata(runnel::ServerContext& context) {
  for (const auto& [name, value] : context.client_metadata()) {
    if (!name.starts_with("x-echo-")) continue;
    context.AddInitialMetadata(name, value);
    context.AddTrailingMetadata(name, value);
  }
}

// Makes the responses of one call. Begin one when the call begins: the time that is left is then
// the timeout.
class Answer {
 public:
  explicit Answer(runnel::ServerContext& context) : context_(context) {
    EchoMetadata(context);
    for (const auto& [name, value] : context.client_metadata()) {
      v1::Metadata& entry = *first_.add_metadata();
      entry.set_name(name);
      (runnel::IsBinaryKey(name) ? *entry.mutable_binary() : *entry.mutable_value()) = value;
    }
    if (context.time_left() != absl::InfiniteDuration()) {
      first_.set_timeout_ms(absl::ToInt64Milliseconds(context.time_left()));
    }
    first_.set_peer(context.peer());
    first_.set_principal(context.principal());
  }

  void CountRequest() { ++requests_; }

  // The next response, when the plan's delay is over.
  runnel::Awaitable<absl::StatusOr<v1::Response>> Next(const v1::Request& request) {
    RUNNEL_CO_RETURN_IF_ERROR(co_await Delay(request.plan()));
    v1::Response response = std::move(first_);
    first_.Clear();
    response.set_text(request.text());
    response.set_payload(request.plan().size() == 0 ? request.payload()
                                                    : std::string(request.plan().size(), 'x'));
    response.set_number(number_++);
    response.set_requests(requests_);
    co_return response;
  }

  runnel::Awaitable<absl::Status> Delay(const v1::Plan& plan) {
    co_return co_await context_.Sleep(absl::Milliseconds(plan.delay_ms()));
  }

 private:
  runnel::ServerContext& context_;
  v1::Response first_;  // what only the first response has
  uint32_t number_ = 0;
  uint32_t requests_ = 0;
};

runnel::Awaitable<absl::StatusOr<v1::Response>> AnswerOne(Answer& answer,
                                                          const v1::Request& request) {
  RUNNEL_CO_RETURN_IF_ERROR(Check(request.plan()));
  const absl::Status status = StatusOf(request.plan().error());
  if (status.ok()) co_return co_await answer.Next(request);
  RUNNEL_CO_RETURN_IF_ERROR(co_await answer.Delay(request.plan()));
  co_return status;
}

runnel::Awaitable<absl::Status> AnswerMany(Answer& answer, const v1::Request& request,
                                           runnel::Writer<v1::Response>& out) {
  const v1::Plan& plan = request.plan();
  RUNNEL_CO_RETURN_IF_ERROR(Check(plan));
  const uint32_t count = plan.has_count() ? plan.count() : 1;
  for (uint32_t i = 0; i < count; ++i) {
    RUNNEL_CO_ASSIGN_OR_RETURN(const v1::Response response, co_await answer.Next(request));
    RUNNEL_CO_RETURN_IF_ERROR(co_await out.Write(response));
  }
  if (count == 0) RUNNEL_CO_RETURN_IF_ERROR(co_await answer.Delay(plan));
  co_return StatusOf(plan.error());
}

}  // namespace

runnel::Awaitable<absl::StatusOr<v1::Response>> InteropService::Unary(
    runnel::ServerContext& context, const v1::Request& request) {
  Answer answer(context);
  answer.CountRequest();
  co_return co_await AnswerOne(answer, request);
}

runnel::Awaitable<absl::StatusOr<v1::Response>> InteropService::UnaryGet(
    runnel::ServerContext& context, const v1::Request& request) {
  return Unary(context, request);
}

runnel::Awaitable<absl::Status> InteropService::ServerStream(runnel::ServerContext& context,
                                                             const v1::Request& request,
                                                             runnel::Writer<v1::Response>& out) {
  Answer answer(context);
  answer.CountRequest();
  co_return co_await AnswerMany(answer, request, out);
}

runnel::Awaitable<absl::Status> InteropService::ServerStreamGet(runnel::ServerContext& context,
                                                                const v1::Request& request,
                                                                runnel::Writer<v1::Response>& out) {
  return ServerStream(context, request, out);
}

runnel::Awaitable<absl::StatusOr<v1::Response>> InteropService::ClientStream(
    runnel::ServerContext& context, runnel::Reader<v1::Request>& in) {
  Answer answer(context);
  v1::Request all;
  bool any = false;
  while (true) {
    v1::Request request;
    RUNNEL_CO_ASSIGN_OR_RETURN(const bool more, co_await in.ReadInto(request));
    if (!more) break;
    answer.CountRequest();
    RUNNEL_CO_RETURN_IF_ERROR(Check(request.plan()));
    RUNNEL_CO_RETURN_IF_ERROR(StatusOf(request.plan().error()));
    all.mutable_text()->append(request.text());
    all.mutable_payload()->append(request.payload());
    if (!std::exchange(any, true)) *all.mutable_plan() = request.plan();
  }
  if (!any) co_return absl::InvalidArgumentError("there was no request");
  co_return co_await answer.Next(all);
}

runnel::Awaitable<absl::Status> InteropService::Bidi(runnel::ServerContext& context,
                                                     runnel::Reader<v1::Request>& in,
                                                     runnel::Writer<v1::Response>& out) {
  Answer answer(context);
  while (true) {
    v1::Request request;
    RUNNEL_CO_ASSIGN_OR_RETURN(const bool more, co_await in.ReadInto(request));
    if (!more) co_return absl::OkStatus();
    answer.CountRequest();
    RUNNEL_CO_RETURN_IF_ERROR(co_await AnswerMany(answer, request, out));
  }
}

runnel::Awaitable<absl::Status> InteropService::Feed(runnel::ServerContext& context,
                                                     const v1::FeedRequest& request,
                                                     runnel::Writer<v1::FeedItem>& out) {
  EchoMetadata(context);
  RUNNEL_CO_RETURN_IF_ERROR(CheckAtMost(request.delay_ms(), kMaxDelayMs, "delay_ms"));
  RUNNEL_CO_RETURN_IF_ERROR(CheckAtMost(request.count(), kMaxCount, "count"));
  const uint32_t count = request.has_count() ? request.count() : 10;
  uint32_t last = 0;
  const std::string& last_id = context.last_event_id();
  if (!last_id.empty() && !absl::SimpleAtoi(last_id, &last)) {
    co_return absl::InvalidArgumentError("the last event id is none that Feed gives");
  }
  for (uint32_t number = last; number < count;) {
    RUNNEL_CO_RETURN_IF_ERROR(co_await context.Sleep(absl::Milliseconds(request.delay_ms())));
    v1::FeedItem item;
    item.set_number(++number);
    const std::string id = absl::StrCat(number);
    RUNNEL_CO_RETURN_IF_ERROR(co_await out.WriteWithId(item, id));
  }
  co_return absl::OkStatus();
}

}  // namespace interop
