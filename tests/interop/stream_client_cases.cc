#include "absl/strings/str_join.h"
#include "tests/interop/client_cases.h"

namespace interop {
namespace {

using Code = absl::StatusCode;

// The texts, or where they have none the numbers, of all responses of a stream; `end` is what it
// ends with.
template <typename Stream>
std::string ReadAll(Caller& caller, Stream& stream, absl::Status& end) {
  std::vector<std::string> seen;
  while (true) {
    absl::StatusOr<std::optional<v1::Response>> response = caller.io.BlockOn(stream.Read());
    end = response.status();
    if (!response.ok() || !response->has_value()) return absl::StrJoin(seen, " ");
    seen.push_back(absl::StrCat((*response)->text(), (*response)->number()));
  }
}

template <typename Stream>
void WriteAll(Caller& caller, Stream& stream, const std::vector<v1::Request>& requests) {
  for (const v1::Request& request : requests) {
    // An error is the call's end, which is read later.
    caller.io.BlockOn(stream.Write(request)).IgnoreError();
  }
}

void ServerStream(Caller& caller, Findings& findings) {
  auto stream = caller.stub.ServerStream(Planned(3, 5'000), Echoing());
  absl::Status end;
  findings.Equal("responses", ReadAll(caller, stream, end), "hi0 hi1 hi2");
  findings.Ends("end", end, Code::kOk);
  FindEcho(stream.initial_metadata(), stream.trailing_metadata(), findings);
}

void ServerStreamCompression(Caller& caller, Findings& findings) {
  auto stream = caller.stub.ServerStream(Text("hi"));
  const absl::StatusOr<std::optional<v1::Response>> response = caller.io.BlockOn(stream.Read());
  findings.Ends("status", response.status(), Code::kOk);
  if (!response.ok() || !response->has_value()) return;
  const std::string expected = caller.compresses() ? "gzip" : "";
  findings.Equal("compression", Seen(**response, "connect-content-encoding"), expected);
  findings.Equal("compression of responses", Seen(**response, "connect-accept-encoding"), expected);
}

void EmptyServerStream(Caller& caller, Findings& findings) {
  auto stream = caller.stub.ServerStream(Planned(0));
  absl::Status end;
  findings.Equal("responses", ReadAll(caller, stream, end), "");
  findings.Ends("end", end, Code::kOk);
}

void LongServerStream(Caller& caller, Findings& findings) {
  auto stream = caller.stub.ServerStream(Planned(5'000, 100));
  uint32_t count = 0;
  v1::Response response;
  absl::StatusOr<bool> more = true;
  while (true) {
    more = caller.io.BlockOn(stream.ReadInto(response));
    if (!more.ok() || !*more || response.number() != count) break;
    ++count;
  }
  findings.Equal("responses", count, 5'000u);
  findings.Ends("end", more.status(), Code::kOk);
}

void ServerStreamError(Caller& caller, Findings& findings) {
  auto stream = caller.stub.ServerStream(Failing(v1::Error::ABORTED, 2));
  absl::Status end;
  findings.Equal("responses", ReadAll(caller, stream, end), "hi0 hi1");
  FindFailure(end, Code::kAborted, findings);
}

void ServerStreamFailsAtOnce(Caller& caller, Findings& findings) {
  auto stream = caller.stub.ServerStream(Failing(v1::Error::PERMISSION_DENIED));
  FindFailure(caller.io.BlockOn(stream.Read()).status(), Code::kPermissionDenied, findings);
}

void ServerStreamDeadline(Caller& caller, Findings& findings) {
  runnel::CallOptions options;
  options.timeout = absl::Milliseconds(300);
  auto stream = caller.stub.ServerStream(Planned(1, 0, 60'000), options);
  findings.Ends("end", caller.io.BlockOn(stream.Read()).status(), Code::kDeadlineExceeded);
}

void ServerStreamCancelled(Caller& caller, Findings& findings) {
  // All of it would take an hour.
  auto stream = caller.stub.ServerStream(Planned(36'000, 0, 100));
  const absl::StatusOr<std::optional<v1::Response>> first = caller.io.BlockOn(stream.Read());
  findings.Ends("first", first.status(), Code::kOk);
  stream.Cancel();
  findings.Ends("end", caller.io.BlockOn(stream.Read()).status(), Code::kCancelled);
  findings.Ends("next call", caller.io.BlockOn(caller.stub.Unary(Text(""))).status(), Code::kOk);
}

void ClientStream(Caller& caller, Findings& findings) {
  auto stream = caller.stub.ClientStream(Echoing());
  WriteAll(caller, stream, {Text("a"), Text("b"), Text("c")});
  const absl::StatusOr<v1::Response> response = caller.io.BlockOn(stream.Finish());
  findings.Ends("status", response.status(), Code::kOk);
  if (!response.ok()) return;
  findings.Equal("text", response->text(), "abc");
  findings.Equal("requests", response->requests(), 3u);
  FindEcho(stream.initial_metadata(), stream.trailing_metadata(), findings);
}

void LongClientStream(Caller& caller, Findings& findings) {
  auto stream = caller.stub.ClientStream();
  WriteAll(caller, stream, std::vector<v1::Request>(2'000, Text(std::string(100, 'x'))));
  const absl::StatusOr<v1::Response> response = caller.io.BlockOn(stream.Finish());
  findings.Ends("status", response.status(), Code::kOk);
  if (!response.ok()) return;
  findings.Equal("requests", response->requests(), 2'000u);
  findings.Equal("size of the text", response->text().size(), 200'000u);
}

void EmptyClientStream(Caller& caller, Findings& findings) {
  auto stream = caller.stub.ClientStream();
  const absl::Status status = caller.io.BlockOn(stream.Finish()).status();
  findings.Ends("status", status, Code::kInvalidArgument);
  findings.Equal("message", status.message(), "there was no request");
}

void ClientStreamError(Caller& caller, Findings& findings) {
  auto stream = caller.stub.ClientStream();
  WriteAll(caller, stream, {Text("a"), Failing(v1::Error::OUT_OF_RANGE)});
  FindFailure(caller.io.BlockOn(stream.Finish()).status(), Code::kOutOfRange, findings);
}

void ClientStreamDeadline(Caller& caller, Findings& findings) {
  runnel::CallOptions options;
  options.timeout = absl::Milliseconds(300);
  auto stream = caller.stub.ClientStream(options);
  WriteAll(caller, stream, {Planned(1, 0, 60'000)});
  findings.Ends("status", caller.io.BlockOn(stream.Finish()).status(), Code::kDeadlineExceeded);
}

void ClientStreamCancelled(Caller& caller, Findings& findings) {
  auto stream = caller.stub.ClientStream();
  WriteAll(caller, stream, {Text("a")});
  stream.Cancel();
  findings.Ends("status", caller.io.BlockOn(stream.Finish()).status(), Code::kCancelled);
}

// As far as HTTP/1.1 goes: clients/connect_server.mjs.
runnel::CallOptions HalfDuplex() {
  runnel::CallOptions options = Echoing();
  options.metadata.Add("x-half-duplex", "1");
  return options;
}

void Bidi(Caller& caller, Findings& findings) {
  auto stream = caller.stub.Bidi(HalfDuplex());
  v1::Request twice = Text("b");
  twice.mutable_plan()->set_count(2);
  WriteAll(caller, stream, {Text("a"), twice, Text("c")});
  findings.Ends("half-close", caller.io.BlockOn(stream.WritesDone()), Code::kOk);
  absl::Status end;
  findings.Equal("responses", ReadAll(caller, stream, end), "a0 b1 b2 c3");
  findings.Ends("end", end, Code::kOk);
  FindEcho(stream.initial_metadata(), stream.trailing_metadata(), findings);
}

void BidiError(Caller& caller, Findings& findings) {
  auto stream = caller.stub.Bidi(HalfDuplex());
  WriteAll(caller, stream, {Text("a"), Failing(v1::Error::DATA_LOSS, 1)});
  findings.Ends("half-close", caller.io.BlockOn(stream.WritesDone()), Code::kOk);
  absl::Status end;
  findings.Equal("responses", ReadAll(caller, stream, end), "a0 hi1");
  FindFailure(end, Code::kDataLoss, findings);
}

void RefusedBidi(Caller& caller, Findings& findings) {
  auto stream = caller.stub.Bidi();
  WriteAll(caller, stream, {Text("a")});
  const absl::Status end = caller.io.BlockOn(stream.Read()).status();
  findings.Ends("end", end, Code::kUnknown);
  findings.Equal("names the status in: " + std::string(end.message()),
                 end.message().find("505") != end.message().npos, true);
}

}  // namespace

std::vector<ClientCase> StreamCases() {
  return {
      {"server stream", ServerStream},
      {"server stream says how it is compressed", ServerStreamCompression},
      {"server stream without a message", EmptyServerStream},
      {"server stream of many messages", LongServerStream},
      {"server stream ends with its error", ServerStreamError},
      {"server stream that fails at once", ServerStreamFailsAtOnce},
      {"deadline ends a server stream", ServerStreamDeadline},
      {"cancelled server stream", ServerStreamCancelled},
      {"client stream", ClientStream},
      {"client stream of many messages", LongClientStream},
      {"client stream without a message", EmptyClientStream},
      {"client stream ends with its error", ClientStreamError},
      {"deadline ends a client stream", ClientStreamDeadline},
      {"cancelled client stream", ClientStreamCancelled},
      {"bidi stream, half duplex", Bidi},
      {"bidi stream ends with its error", BidiError},
      {"bidi stream that the server refuses", RefusedBidi},
  };
}

}  // namespace interop
