// The server that Connect's conformance runner tests: it is started with a ServerCompatRequest on
// its standard input and says on its standard output where it serves.

#include "runnel/server.h"

#include <cstdio>

#include "connectrpc/conformance/v1/server_compat.pb.h"
#include "tests/conformance/connect/certificate_files.h"
#include "tests/conformance/connect/conformance_service.h"
#include "tests/conformance/connect/delimited.h"

namespace v1 = connectrpc::conformance::v1;

namespace {

absl::StatusOr<runnel::TlsServerOptions> TlsOf(const v1::ServerCompatRequest& request,
                                               conformance::CertificateFiles& files) {
  runnel::TlsServerOptions tls;
  RUNNEL_ASSIGN_OR_RETURN(tls.certificate_file, files.FileWith(request.server_creds().cert()));
  RUNNEL_ASSIGN_OR_RETURN(tls.key_file, files.FileWith(request.server_creds().key()));
  RUNNEL_ASSIGN_OR_RETURN(tls.client_ca_file, files.FileWith(request.client_tls_cert()));
  return tls;
}

}  // namespace

int main() {
  v1::ServerCompatRequest request;
  if (!conformance::ReadDelimited(request)) {
    std::fprintf(stderr, "there is no ServerCompatRequest on the standard input\n");
    return 2;
  }
  runnel::ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.threads = 2;
  if (request.message_receive_limit() > 0) {
    options.limits.max_message_bytes = request.message_receive_limit();
  }
  conformance::CertificateFiles files;
  if (request.use_tls()) {
    absl::StatusOr<runnel::TlsServerOptions> tls = TlsOf(request, files);
    if (!tls.ok()) {
      std::fprintf(stderr, "%s\n", tls.status().ToString().c_str());
      return 1;
    }
    options.tls = *std::move(tls);
  }
  conformance::ConformanceService service;
  runnel::Server server(options);
  absl::Status started = server.AddService(service);
  if (started.ok()) started = server.Start();
  if (!started.ok()) {
    std::fprintf(stderr, "%s\n", started.ToString().c_str());
    return 1;
  }
  v1::ServerCompatResponse response;
  response.set_host("127.0.0.1");
  response.set_port(static_cast<uint32_t>(server.port()));
  if (request.use_tls()) response.set_pem_cert(request.server_creds().cert());
  if (!conformance::WriteDelimited(response)) return 1;
  runnel::ServeUntilSignalled(server);
  return 0;
}
