// How connections are encrypted (TLS 1.2 and 1.3).

#ifndef RUNNEL_RUNTIME_HTTP_TLS_OPTIONS_H_
#define RUNNEL_RUNTIME_HTTP_TLS_OPTIONS_H_

#include <functional>
#include <string>

#include "absl/status/status.h"

namespace runnel {

// Files are in PEM form. When one of them changes it is read anew for the connections that follow,
// within a second; those that are open go on. Where the new files cannot be used, the old ones stay
// in use.
struct TlsServerOptions {
  std::string
      certificate_file;  // the server's certificate, then those between it and its authority
  std::string key_file;  // of the certificate, not encrypted
  // The authorities of client certificates. Where set, clients have to show a certificate
  // (mutual TLS), and ServerContext::principal() is its name unless
  // ServerOptions::authenticate says otherwise.
  std::string client_ca_file;
  // Lets in clients without a certificate too; the ones that are shown are verified all the same.
  bool client_certificate_optional = false;
  // Told how each reading anew went. Called on the loop of a connection; must not block.
  std::function<void(const absl::Status&)> on_reload;
};

// As above.
struct TlsClientOptions {
  // The authorities to trust; where empty, those of the system.
  std::string ca_file;
  // What a server that asks for a certificate is shown.
  std::string certificate_file;
  std::string key_file;
  // The name that the server's certificate must have; where empty, the host of the URL.
  std::string server_name;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_TLS_OPTIONS_H_
