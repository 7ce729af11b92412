#include "tests/interop/client_cases.h"

namespace interop {
namespace {

using Code = absl::StatusCode;

void Unary(Caller& caller, Findings& findings) {
  v1::Request request = Text("hi");
  request.set_payload(std::string("\0\xff", 2));
  const absl::StatusOr<v1::Response> response = caller.io.BlockOn(caller.stub.Unary(request));
  findings.Ends("status", response.status(), Code::kOk);
  if (!response.ok()) return;
  findings.Equal("text", response->text(), "hi");
  findings.Equal("payload", response->payload() == request.payload(), true);
  findings.Equal("protocol version", Seen(*response, "connect-protocol-version"), "1");
  findings.Equal("compression of the request", Seen(*response, "content-encoding"),
                 caller.compresses() ? "gzip" : "");
}

void UnaryLarge(Caller& caller, Findings& findings) {
  v1::Request request = Planned(1, 1'000'000);
  request.set_text(std::string(500'000, 't'));
  const absl::StatusOr<v1::Response> response = caller.io.BlockOn(caller.stub.Unary(request));
  findings.Ends("status", response.status(), Code::kOk);
  if (!response.ok()) return;
  findings.Equal("text", response->text() == request.text(), true);
  findings.Equal("payload", response->payload() == std::string(1'000'000, 'x'), true);
}

void UnaryMetadata(Caller& caller, Findings& findings) {
  runnel::ResponseMetadata received;
  runnel::CallOptions options = Echoing();
  options.response_metadata = &received;
  findings.Ends("status", caller.io.BlockOn(caller.stub.Unary(Text(""), options)).status(),
                Code::kOk);
  FindEcho(received.initial, received.trailing, findings);
}

void UnaryError(Caller& caller, Findings& findings) {
  FindFailure(caller.io.BlockOn(caller.stub.Unary(Failing(v1::Error::NOT_FOUND))).status(),
              Code::kNotFound, findings);
}

void EveryCode(Caller& caller, Findings& findings) {
  for (int code = 1; code <= 16; ++code) {
    const v1::Request request = Failing(static_cast<v1::Error::Code>(code));
    FindFailure(caller.io.BlockOn(caller.stub.Unary(request)).status(), static_cast<Code>(code),
                findings);
  }
}

void UnaryDeadline(Caller& caller, Findings& findings) {
  runnel::CallOptions options;
  options.timeout = absl::Milliseconds(200);
  findings.Ends("status",
                caller.io.BlockOn(caller.stub.Unary(Planned(1, 0, 60'000), options)).status(),
                Code::kDeadlineExceeded);
}

void DeadlineReachesTheServer(Caller& caller, Findings& findings) {
  runnel::CallOptions options;
  options.timeout = absl::Seconds(50);
  const absl::StatusOr<v1::Response> response =
      caller.io.BlockOn(caller.stub.Unary(Text(""), options));
  findings.Ends("status", response.status(), Code::kOk);
  if (!response.ok()) return;
  const bool plausible = response->timeout_ms() > 0 && response->timeout_ms() <= 50'000;
  findings.Equal("time left", plausible ? int64_t{50'000} : response->timeout_ms(), 50'000);
}

void MissingMethod(Caller& caller, Findings& findings) {
  auto stream = caller.stub.Feed(v1::FeedRequest());
  findings.Ends("status", caller.io.BlockOn(stream.Read()).status(), Code::kUnimplemented);
}

void TooLargeForTheServer(Caller& caller, Findings& findings) {
  // That of clients/connect_server.mjs is 4 MiB.
  const v1::Request request = Text(std::string(5'000'000, 'x'));
  findings.Ends("status", caller.io.BlockOn(caller.stub.Unary(request)).status(),
                Code::kResourceExhausted);
}

void TooLargeForTheClient(Caller& caller, Findings& findings) {
  runnel::ChannelOptions options = caller.options;
  options.limits.max_message_bytes = 1'000;
  v1::InteropService::Stub stub(
      runnel::Channel::Connect(caller.io.executor(), caller.url, options));
  findings.Ends("status", caller.io.BlockOn(stub.Unary(Planned(1, 5'000))).status(),
                Code::kResourceExhausted);
}

// By which method of HTTP a call came; clients/connect_server.mjs says it.
void FindMethod(const absl::StatusOr<v1::Response>& response,
                const runnel::ResponseMetadata& received, const char* method, Findings& findings) {
  findings.Ends("status", response.status(), Code::kOk);
  findings.Equal("method", std::string(received.initial.Get("x-request-method").value_or("")),
                 method);
}

void Get(Caller& caller, Findings& findings) {
  runnel::ResponseMetadata received;
  runnel::CallOptions options;
  options.response_metadata = &received;
  const std::string text = "\xc3\xa4+/ ?&=%" + std::string(2'000, 'x');
  const absl::StatusOr<v1::Response> response =
      caller.io.BlockOn(caller.stub.UnaryGet(Text(text), options));
  FindMethod(response, received, "GET", findings);
  if (response.ok()) findings.Equal("text", response->text(), text);
}

void GetIsForMethodsWithoutSideEffects(Caller& caller, Findings& findings) {
  runnel::ResponseMetadata received;
  runnel::CallOptions options;
  options.response_metadata = &received;
  const absl::StatusOr<v1::Response> response =
      caller.io.BlockOn(caller.stub.Unary(Text("hi"), options));
  FindMethod(response, received, "POST", findings);
}

void GetError(Caller& caller, Findings& findings) {
  FindFailure(caller.io.BlockOn(caller.stub.UnaryGet(Failing(v1::Error::NOT_FOUND))).status(),
              Code::kNotFound, findings);
}

}  // namespace

std::vector<ClientCase> UnaryCases() {
  return {
      {"unary call", Unary},
      {"large messages both ways", UnaryLarge},
      {"metadata come back as headers and trailers", UnaryMetadata},
      {"error with details", UnaryError},
      {"every code", EveryCode},
      {"deadline ends a unary call", UnaryDeadline},
      {"deadline reaches the server", DeadlineReachesTheServer},
      {"method that the server does not have", MissingMethod},
      {"request over the server's limit", TooLargeForTheServer},
      {"response over the client's limit", TooLargeForTheClient},
  };
}

std::vector<ClientCase> GetCases() {
  return {
      {"unary call", Get},
      {"only methods without side effects", GetIsForMethodsWithoutSideEffects},
      {"error with details", GetError},
  };
}

}  // namespace interop
