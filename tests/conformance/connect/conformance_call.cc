#include "tests/conformance/connect/conformance_call.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "connectrpc/conformance/v1/service.runnel.h"
#include "runnel/async.h"
#include "runtime/async/interruptible.h"

namespace conformance {
namespace {

using runnel::Awaitable;
using Stub = v1::ConformanceService::Stub;
using Result = v1::ClientResponseResult;

using Headers = google::protobuf::RepeatedPtrField<v1::Header>;

void SetHeaders(const runnel::Metadata& metadata, Headers& headers) {
  std::map<std::string, v1::Header*> by_name;
  for (const auto& [key, value] : metadata) {
    v1::Header*& header = by_name[key];
    if (header == nullptr) header = headers.Add();
    header->set_name(key);
    header->add_value(value);
  }
}

void SetMetadata(const runnel::Metadata& initial, const runnel::Metadata& trailing,
                 Result& result) {
  SetHeaders(initial, *result.mutable_response_headers());
  SetHeaders(trailing, *result.mutable_response_trailers());
}

void SetError(const absl::Status& status, Result& result) {
  if (status.ok()) return;
  v1::Error& error = *result.mutable_error();
  error.set_code(static_cast<v1::Code>(status.code()));
  error.set_message(std::string(status.message()));
  for (const runnel::StatusDetail& detail : runnel::GetDetails(status)) {
    google::protobuf::Any& any = *error.add_details();
    any.set_type_url("type.googleapis.com/" + detail.type);
    any.set_value(detail.value);
  }
}

runnel::ChannelOptions ChannelOptionsOf(const v1::ClientCompatRequest& request,
                                        runnel::TlsClientOptions tls) {
  runnel::ChannelOptions options;
  options.tls = std::move(tls);
  options.protocol = runnel::Protocol::kConnect;
  options.codec = request.codec() == v1::CODEC_JSON ? runnel::Codec::kJson : runnel::Codec::kProto;
  if (request.compression() == v1::COMPRESSION_GZIP) {
    options.compression = runnel::Compression::kGzip;
  }
  options.compress_min_bytes = 0;
  options.use_get = request.use_get_http_method();
  if (request.message_receive_limit() > 0) {
    options.limits.max_message_bytes = request.message_receive_limit();
  }
  // The runner counts requests.
  options.retry.max_attempts = 1;
  return options;
}

absl::StatusOr<runnel::TlsClientOptions> TlsOf(const v1::ClientCompatRequest& request,
                                               CertificateFiles& files) {
  runnel::TlsClientOptions tls;
  const v1::TLSCreds& shown = request.client_tls_creds();
  RUNNEL_ASSIGN_OR_RETURN(tls.ca_file, files.FileWith(request.server_tls_cert()));
  RUNNEL_ASSIGN_OR_RETURN(tls.certificate_file, files.FileWith(shown.cert()));
  RUNNEL_ASSIGN_OR_RETURN(tls.key_file, files.FileWith(shown.key()));
  return tls;
}

std::string UrlOf(const v1::ClientCompatRequest& request) {
  return absl::StrCat(request.server_tls_cert().empty() ? "http" : "https", "://", request.host(),
                      ":", request.port());
}

runnel::CallOptions CallOptionsOf(const v1::ClientCompatRequest& request) {
  runnel::CallOptions options;
  for (const v1::Header& header : request.request_headers()) {
    for (const std::string& value : header.value()) options.metadata.Add(header.name(), value);
  }
  if (request.has_timeout_ms()) options.timeout = absl::Milliseconds(request.timeout_ms());
  return options;
}

// When the runner wants the call cancelled.
class Cancellation {
 public:
  explicit Cancellation(const v1::ClientCompatRequest& request)
      : wanted_(request.has_cancel()), cancel_(request.cancel()) {}

  bool BeforeHalfClose() const { return wanted_ && cancel_.has_before_close_send(); }
  // That long after the half-close.
  std::optional<absl::Duration> AfterHalfClose() const {
    if (!wanted_ || BeforeHalfClose() || cancel_.has_after_num_responses()) return std::nullopt;
    return absl::Milliseconds(cancel_.after_close_send_ms());
  }
  bool AfterResponse(int number) const {
    return wanted_ && cancel_.has_after_num_responses() &&
           cancel_.after_num_responses() == static_cast<uint32_t>(number);
  }

 private:
  const bool wanted_;
  const v1::ClientCompatRequest::Cancel cancel_;
};

// One call. Lives on its loop.
class Call {
 public:
  Call(runnel::Executor executor, v1::ClientCompatRequest request, runnel::TlsClientOptions tls)
      : executor_(std::move(executor)),
        request_(std::move(request)),
        cancellation_(request_),
        stub_(runnel::Channel::Connect(executor_, UrlOf(request_),
                                       ChannelOptionsOf(request_, std::move(tls)))) {}

  // INVALID_ARGUMENT when the call cannot be made at all.
  Awaitable<absl::StatusOr<Result>> Make() {
    const std::string& method = request_.method();
    absl::Status made = absl::InvalidArgumentError("no such method: " + method);
    if (method == "Unary") {
      made = co_await Unary<v1::UnaryRequest>(&Stub::Unary);
    } else if (method == "IdempotentUnary") {
      made = co_await Unary<v1::IdempotentUnaryRequest>(&Stub::IdempotentUnary);
    } else if (method == "Unimplemented") {
      made = co_await Unary<v1::UnimplementedRequest>(&Stub::Unimplemented);
    } else if (method == "ServerStream") {
      made = co_await ServerStream();
    } else if (method == "ClientStream") {
      made = co_await ClientStream();
    } else if (method == "BidiStream") {
      made = co_await BidiStream();
    }
    if (!made.ok()) co_return made;
    co_return std::move(result_);
  }

 private:
  template <typename Request>
  absl::Status Unpack(int number, Request& message) const {
    if (number < request_.request_messages_size() &&
        request_.request_messages(number).UnpackTo(&message)) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError("there is no such request message");
  }

  template <typename Response>
  void Keep(const Response& response) {
    if constexpr (requires { response.payload(); }) *result_.add_payloads() = response.payload();
  }

  // Calls `cancel` when it is time to, so long after the half-close.
  std::unique_ptr<runnel::Timer> CancelInTime(absl::AnyInvocable<void()> cancel) {
    const std::optional<absl::Duration> delay = cancellation_.AfterHalfClose();
    if (!delay) return nullptr;
    return runnel::Clock::Real().CallAfter(executor_, *delay, std::move(cancel));
  }

  template <typename Request, typename Method>
  Awaitable<absl::Status> Unary(Method method) {
    Request message;
    RUNNEL_CO_RETURN_IF_ERROR(Unpack(0, message));
    runnel::ResponseMetadata metadata;
    runnel::CallOptions options = CallOptionsOf(request_);
    options.response_metadata = &metadata;
    runnel::Interruptible call;
    const auto timer = CancelInTime([&call] { call.Interrupt(); });
    const auto response = co_await call.Await((stub_.*method)(message, options));
    SetMetadata(metadata.initial, metadata.trailing, result_);
    SetError(response.status(), result_);
    if (response.ok()) Keep(*response);
    co_return absl::OkStatus();
  }

  Awaitable<absl::Status> ServerStream() {
    v1::ServerStreamRequest message;
    RUNNEL_CO_RETURN_IF_ERROR(Unpack(0, message));
    auto stream = stub_.ServerStream(message, CallOptionsOf(request_));
    co_await ReadAll(stream);
    co_return absl::OkStatus();
  }

  Awaitable<absl::Status> ClientStream() {
    auto stream = stub_.ClientStream(CallOptionsOf(request_));
    RUNNEL_CO_RETURN_IF_ERROR(co_await WriteAll<v1::ClientStreamRequest>(stream));
    if (cancellation_.BeforeHalfClose()) stream.Cancel();
    const auto timer = CancelInTime([&stream] { stream.Cancel(); });
    const auto response = co_await stream.Finish();
    SetMetadata(stream.initial_metadata(), stream.trailing_metadata(), result_);
    SetError(response.status(), result_);
    if (response.ok()) Keep(*response);
    co_return absl::OkStatus();
  }

  Awaitable<absl::Status> BidiStream() {
    auto stream = stub_.BidiStream(CallOptionsOf(request_));
    RUNNEL_CO_RETURN_IF_ERROR(co_await WriteAll<v1::BidiStreamRequest>(stream));
    if (cancellation_.BeforeHalfClose()) stream.Cancel();
    const absl::Status done = co_await stream.WritesDone();
    done.IgnoreError();  // Read tells
    co_await ReadAll(stream);
    co_return absl::OkStatus();
  }

  // Counts what could not be sent. Why is for who reads to hear.
  template <typename Request, typename Stream>
  Awaitable<absl::Status> WriteAll(Stream& stream) {
    for (int i = 0; i < request_.request_messages_size(); ++i) {
      Request message;
      RUNNEL_CO_RETURN_IF_ERROR(Unpack(i, message));
      const absl::Status slept = co_await runnel::SleepFor(
          runnel::Clock::Real(), absl::Milliseconds(request_.request_delay_ms()));
      slept.IgnoreError();
      const absl::Status written = co_await stream.Write(message);
      if (written.ok()) continue;
      result_.set_num_unsent_requests(request_.request_messages_size() - i);
      break;
    }
    co_return absl::OkStatus();
  }

  template <typename Stream>
  Awaitable<void> ReadAll(Stream& stream) {
    const auto timer = CancelInTime([&stream] { stream.Cancel(); });
    for (int number = 1;; ++number) {
      auto response = co_await stream.Read();
      SetErrorOrKeep(response);
      if (!response.ok() || !*response) break;
      if (cancellation_.AfterResponse(number)) stream.Cancel();
    }
    SetMetadata(stream.initial_metadata(), stream.trailing_metadata(), result_);
  }

  template <typename Response>
  void SetErrorOrKeep(const absl::StatusOr<std::optional<Response>>& response) {
    SetError(response.status(), result_);
    if (response.ok() && *response) Keep(**response);
  }

  const runnel::Executor executor_;
  const v1::ClientCompatRequest request_;
  const Cancellation cancellation_;
  Stub stub_;
  Result result_;
};

}  // namespace

Awaitable<v1::ClientCompatResponse> MakeCall(runnel::Executor executor,
                                             v1::ClientCompatRequest request,
                                             CertificateFiles& files) {
  v1::ClientCompatResponse response;
  response.set_test_name(request.test_name());
  absl::StatusOr<runnel::TlsClientOptions> tls = TlsOf(request, files);
  if (!tls.ok()) {
    response.mutable_error()->set_message(std::string(tls.status().message()));
    co_return response;
  }
  Call call(std::move(executor), std::move(request), *std::move(tls));
  absl::StatusOr<Result> result = co_await call.Make();
  if (result.ok()) {
    *response.mutable_response() = *std::move(result);
  } else {
    response.mutable_error()->set_message(std::string(result.status().message()));
  }
  co_return response;
}

}  // namespace conformance
