#include "services/examples/shared/server_flags.h"

#include <string>
#include <vector>

#include "absl/flags/flag.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:8080",
          "address to serve at: host:port, where port 0 takes a free one, or unix:/run/x.sock");
ABSL_FLAG(bool, allow_plaintext, false,
          "serve beyond this machine without TLS: behind a proxy that has it");
ABSL_FLAG(std::string, tls_cert, "", "certificate chain to serve TLS with, in PEM form");
ABSL_FLAG(std::string, tls_key, "", "key of that certificate, in PEM form");
ABSL_FLAG(std::string, tls_client_ca, "",
          "authorities of client certificates, in PEM form: only clients with one may call");
ABSL_FLAG(
    std::string, auth, "",
    "file of the tokens that may call; a line is \"NAME sha256:HASH\" or \"NAME plain:TOKEN\"");
ABSL_FLAG(std::vector<std::string>, allow_origin, {},
          "origins of pages that may call too, such as http://localhost:5173");
ABSL_FLAG(std::string, console, "loopback",
          "the page at /console/ that calls the services: \"loopback\" serves it where only this "
          "machine can reach it, \"everywhere\" wherever the server is, \"off\" nowhere");
ABSL_FLAG(absl::Duration, drain_delay, absl::ZeroDuration(),
          "on SIGTERM, serve for so long while /readyz fails, for load balancers to notice");
ABSL_FLAG(absl::Duration, drain_grace, absl::Seconds(10),
          "then, let calls go on for so long before they are ended");

namespace examples {

absl::StatusOr<runnel::ServerOptions> ServerOptionsOfFlags() {
  runnel::ServerOptions options;
  options.listen = absl::GetFlag(FLAGS_listen);
  options.allow_plaintext = absl::GetFlag(FLAGS_allow_plaintext);
  options.origins.allowed_origins = absl::GetFlag(FLAGS_allow_origin);
  options.drain_delay = absl::GetFlag(FLAGS_drain_delay);

  runnel::TlsServerOptions tls;
  tls.certificate_file = absl::GetFlag(FLAGS_tls_cert);
  tls.key_file = absl::GetFlag(FLAGS_tls_key);
  tls.client_ca_file = absl::GetFlag(FLAGS_tls_client_ca);
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key need each other");
  }
  if (!tls.certificate_file.empty()) {
    options.tls = tls;
  } else if (!tls.client_ca_file.empty()) {
    return absl::InvalidArgumentError("--tls-client-ca needs --tls-cert and --tls-key");
  }

  if (const std::string tokens = absl::GetFlag(FLAGS_auth); !tokens.empty()) {
    runnel::BearerTokensOptions auth;
    auth.file = tokens;
    RUNNEL_ASSIGN_OR_RETURN(options.authenticate, runnel::AuthenticateByTokens(auth));
  }
  return options;
}

absl::Duration DrainGraceOfFlags() { return absl::GetFlag(FLAGS_drain_grace); }

absl::Status ConsoleOfFlags::AddTo(runnel::Server& server) {
  const std::string where = absl::GetFlag(FLAGS_console);
  if (where == "off") return absl::OkStatus();
  if (where != "loopback" && where != "everywhere") {
    return absl::InvalidArgumentError("--console is loopback, everywhere or off");
  }
  runnel::ConsoleOptions options;
  options.beyond_loopback = where == "everywhere";
  handler_.emplace(options);
  return handler_->AddTo(server);
}

}  // namespace examples
