#include "tests/interop/client_cases.h"

namespace interop {
namespace {

using Code = absl::StatusCode;

// A call on a channel with other options than the caller's.
absl::StatusOr<v1::Response> Call(Caller& caller, const runnel::ChannelOptions& options) {
  v1::InteropService::Stub stub(
      runnel::Channel::Connect(caller.io.executor(), caller.url, options));
  return caller.io.BlockOn(stub.Unary(Text("hi")));
}

void FindRefusal(const absl::Status& status, Code code, const std::string& reason,
                 Findings& findings) {
  findings.Ends("status", status, code);
  const std::string message(status.message());
  findings.Equal("message", message.find(reason) != message.npos ? reason : message, reason);
}

void CertificateNamesTheCaller(Caller& caller, Findings& findings) {
  const absl::StatusOr<v1::Response> response = Call(caller, caller.options);
  findings.Ends("status", response.status(), Code::kOk);
  if (response.ok()) findings.Equal("principal", response->principal(), "alice");
}

void NoCertificate(Caller& caller, Findings& findings) {
  runnel::ChannelOptions options = caller.options;
  options.tls.certificate_file.clear();
  options.tls.key_file.clear();
  FindRefusal(Call(caller, options).status(), Code::kUnauthenticated, "certificate required",
              findings);
}

void UnknownAuthority(Caller& caller, Findings& findings) {
  runnel::ChannelOptions options = caller.options;
  options.tls.ca_file = options.tls.certificate_file;  // no authority of the server's
  FindRefusal(Call(caller, options).status(), Code::kUnavailable, "certificate was not accepted",
              findings);
}

void AnotherName(Caller& caller, Findings& findings) {
  runnel::ChannelOptions options = caller.options;
  options.tls.server_name = "elsewhere.example";
  FindRefusal(Call(caller, options).status(), Code::kUnavailable, "hostname mismatch", findings);
}

}  // namespace

std::vector<ClientCase> TlsCases() {
  return {
      {"client certificate names the caller", CertificateNamesTheCaller},
      {"client certificate is wanted", NoCertificate},
      {"server of an authority that is not trusted", UnknownAuthority},
      {"server under a name that it does not have", AnotherName},
  };
}

}  // namespace interop
