#include "tests/conformance/connect/conformance_service.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "runnel/server.h"

namespace conformance {
namespace {

using RequestInfo = v1::ConformancePayload::RequestInfo;

template <typename Definition>
void AddMetadata(runnel::ServerContext& context, const Definition& definition) {
  for (const v1::Header& header : definition.response_headers()) {
    for (const std::string& value : header.value()) {
      context.AddInitialMetadata(header.name(), value);
    }
  }
  for (const v1::Header& trailer : definition.response_trailers()) {
    for (const std::string& value : trailer.value()) {
      context.AddTrailingMetadata(trailer.name(), value);
    }
  }
}

// Taken when the call begins: the time that is left is then the timeout.
RequestInfo InfoOf(runnel::ServerContext& context) {
  RequestInfo info;
  std::map<std::string, v1::Header> headers;
  for (const auto& [key, value] : context.client_metadata()) {
    headers[key].set_name(key);
    headers[key].add_value(value);
  }
  for (auto& [key, header] : headers) *info.add_request_headers() = std::move(header);
  if (context.time_left() != absl::InfiniteDuration()) {
    info.set_timeout_ms(absl::ToInt64Milliseconds(context.time_left()));
  }
  return info;
}

absl::Status StatusOf(const v1::Error& error) {
  absl::Status status(static_cast<absl::StatusCode>(error.code()), error.message());
  for (const google::protobuf::Any& detail : error.details()) {
    const std::string& url = detail.type_url();
    runnel::AddDetail(status, {url.substr(url.rfind('/') + 1), detail.value()});
  }
  return status;
}

// The end of a call that has had no response: the error tells what it was asked.
absl::Status StatusOf(const v1::Error& error, const RequestInfo& info) {
  absl::Status status = StatusOf(error);
  runnel::AddDetail(status, info);
  return status;
}

absl::Duration DelayOf(uint32_t milliseconds) { return absl::Milliseconds(milliseconds); }

runnel::Awaitable<absl::StatusOr<v1::ConformancePayload>> Answer(
    runnel::ServerContext& context, const v1::UnaryResponseDefinition& definition,
    RequestInfo& info) {
  AddMetadata(context, definition);
  RUNNEL_CO_RETURN_IF_ERROR(co_await context.Sleep(DelayOf(definition.response_delay_ms())));
  if (definition.has_error()) co_return StatusOf(definition.error(), info);
  v1::ConformancePayload payload;
  payload.set_data(definition.response_data());
  *payload.mutable_request_info() = std::move(info);
  co_return payload;
}

template <typename Response, typename Request>
runnel::Awaitable<absl::StatusOr<Response>> AnswerUnary(runnel::ServerContext& context,
                                                        const Request& request) {
  RequestInfo info = InfoOf(context);
  info.add_requests()->PackFrom(request);
  absl::StatusOr<v1::ConformancePayload> payload =
      co_await Answer(context, request.response_definition(), info);
  if (!payload.ok()) co_return payload.status();
  Response response;
  *response.mutable_payload() = *std::move(payload);
  co_return response;
}

// Writes responses from number `first` on, and ends the call.
template <typename Response>
runnel::Awaitable<absl::Status> WriteResponses(runnel::ServerContext& context,
                                               const v1::StreamResponseDefinition& definition,
                                               int first, RequestInfo& info,
                                               runnel::Writer<Response>& out) {
  for (int i = first; i < definition.response_data_size(); ++i) {
    RUNNEL_CO_RETURN_IF_ERROR(co_await context.Sleep(DelayOf(definition.response_delay_ms())));
    Response response;
    response.mutable_payload()->set_data(definition.response_data(i));
    if (i == 0) *response.mutable_payload()->mutable_request_info() = info;
    RUNNEL_CO_RETURN_IF_ERROR(co_await out.Write(response));
  }
  if (!definition.has_error()) co_return absl::OkStatus();
  if (definition.response_data_size() > 0) co_return StatusOf(definition.error());
  co_return StatusOf(definition.error(), info);
}

}  // namespace

runnel::Awaitable<absl::StatusOr<v1::UnaryResponse>> ConformanceService::Unary(
    runnel::ServerContext& context, const v1::UnaryRequest& request) {
  co_return co_await AnswerUnary<v1::UnaryResponse>(context, request);
}

runnel::Awaitable<absl::StatusOr<v1::IdempotentUnaryResponse>> ConformanceService::IdempotentUnary(
    runnel::ServerContext& context, const v1::IdempotentUnaryRequest& request) {
  co_return co_await AnswerUnary<v1::IdempotentUnaryResponse>(context, request);
}

runnel::Awaitable<absl::StatusOr<v1::ClientStreamResponse>> ConformanceService::ClientStream(
    runnel::ServerContext& context, runnel::Reader<v1::ClientStreamRequest>& in) {
  RequestInfo info = InfoOf(context);
  v1::UnaryResponseDefinition definition;
  for (bool first = true;; first = false) {
    v1::ClientStreamRequest request;
    RUNNEL_CO_ASSIGN_OR_RETURN(const bool more, co_await in.ReadInto(request));
    if (!more) break;
    if (first) definition = request.response_definition();
    info.add_requests()->PackFrom(request);
  }
  absl::StatusOr<v1::ConformancePayload> payload = co_await Answer(context, definition, info);
  if (!payload.ok()) co_return payload.status();
  v1::ClientStreamResponse response;
  *response.mutable_payload() = *std::move(payload);
  co_return response;
}

runnel::Awaitable<absl::Status> ConformanceService::ServerStream(
    runnel::ServerContext& context, const v1::ServerStreamRequest& request,
    runnel::Writer<v1::ServerStreamResponse>& out) {
  RequestInfo info = InfoOf(context);
  info.add_requests()->PackFrom(request);
  AddMetadata(context, request.response_definition());
  co_return co_await WriteResponses(context, request.response_definition(), 0, info, out);
}

runnel::Awaitable<absl::Status> ConformanceService::BidiStream(
    runnel::ServerContext& context, runnel::Reader<v1::BidiStreamRequest>& in,
    runnel::Writer<v1::BidiStreamResponse>& out) {
  RequestInfo info = InfoOf(context);
  v1::StreamResponseDefinition definition;
  bool full_duplex = false;
  int written = 0;
  for (bool first = true;; first = false) {
    v1::BidiStreamRequest request;
    RUNNEL_CO_ASSIGN_OR_RETURN(const bool more, co_await in.ReadInto(request));
    if (!more) break;
    if (first) {
      definition = request.response_definition();
      full_duplex = request.full_duplex();
      AddMetadata(context, definition);
    }
    info.add_requests()->PackFrom(request);
    if (!full_duplex) continue;
    if (written == definition.response_data_size()) break;
    RUNNEL_CO_RETURN_IF_ERROR(co_await context.Sleep(DelayOf(definition.response_delay_ms())));
    v1::BidiStreamResponse response;
    response.mutable_payload()->set_data(definition.response_data(written++));
    *response.mutable_payload()->mutable_request_info() = info;
    RUNNEL_CO_RETURN_IF_ERROR(co_await out.Write(response));
    // Later responses tell of the requests since.
    info.Clear();
  }
  co_return co_await WriteResponses(context, definition, written, info, out);
}

}  // namespace conformance
