#include "runtime/http/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"

namespace runnel {
namespace {

// How often the files are looked at, at most.
constexpr absl::Duration kLookEvery = absl::Seconds(1);

// HTTP/1.1 in the form of ALPN (RFC 7301): each protocol with its length before it.
constexpr unsigned char kProtocols[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

using Context = std::shared_ptr<SSL_CTX>;

// Why OpenSSL's last operation failed. Forgets it.
std::string LastError() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "an unknown error";
}

absl::Status Bad(std::string_view option, const std::string& file, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat(AbslView(option), " \"", file, "\": ", AbslView(why)));
}

absl::Status CheckReadable(std::string_view option, const std::string& file) {
  if (file.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(AbslView(option), " is not set"));
  }
  errno = 0;
  if (std::ifstream(file).good()) return absl::OkStatus();
  return Bad(option, file, errno != 0 ? std::strerror(errno) : "cannot be read");
}

// Where a key is encrypted OpenSSL would ask for the passphrase on the terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

int ChooseProtocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                   const unsigned char* offered, unsigned int offered_size, void*) {
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, chosen_size, kProtocols, sizeof(kProtocols), offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

absl::StatusOr<Context> NewContext(const SSL_METHOD* method) {
  Context context(SSL_CTX_new(method), SSL_CTX_free);
  if (context == nullptr) {
    return absl::InternalError(absl::StrCat("OpenSSL gives no context: ", LastError()));
  }
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_default_passwd_cb(context.get(), NoPassphrase);
  return context;
}

absl::Status UseCertificate(SSL_CTX* context, std::string_view options,
                            const std::string& certificate_file, const std::string& key_file) {
  const std::string certificate_option = absl::StrCat(AbslView(options), "::certificate_file");
  const std::string key_option = absl::StrCat(AbslView(options), "::key_file");
  RUNNEL_RETURN_IF_ERROR(CheckReadable(certificate_option, certificate_file));
  RUNNEL_RETURN_IF_ERROR(CheckReadable(key_option, key_file));
  if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1) {
    return Bad(certificate_option, certificate_file,
               absl::StrCat("holds no certificate in PEM form that can be used: ", LastError()));
  }
  if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return Bad(
        key_option, key_file,
        absl::StrCat("holds no key in PEM form, without a passphrase, of the certificate in ",
                     certificate_file, ": ", LastError()));
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    return Bad(key_option, key_file,
               absl::StrCat("is not the key of the certificate in ", certificate_file));
  }
  return absl::OkStatus();
}

absl::Status TrustAuthorities(SSL_CTX* context, std::string_view option, const std::string& file) {
  RUNNEL_RETURN_IF_ERROR(CheckReadable(option, file));
  if (SSL_CTX_load_verify_locations(context, file.c_str(), nullptr) != 1) {
    return Bad(option, file, absl::StrCat("holds no certificates in PEM form: ", LastError()));
  }
  return absl::OkStatus();
}

absl::StatusOr<Context> LoadServer(const TlsServerOptions& options) {
  RUNNEL_ASSIGN_OR_RETURN(Context context, NewContext(TLS_server_method()));
  RUNNEL_RETURN_IF_ERROR(UseCertificate(context.get(), "TlsServerOptions", options.certificate_file,
                                        options.key_file));
  SSL_CTX_set_alpn_select_cb(context.get(), ChooseProtocol, nullptr);
  // Without it a client with a certificate could not resume its TLS session.
  constexpr unsigned char kName[] = "runnel";
  SSL_CTX_set_session_id_context(context.get(), kName, sizeof(kName));
  if (options.client_ca_file.empty()) return context;
  RUNNEL_RETURN_IF_ERROR(
      TrustAuthorities(context.get(), "TlsServerOptions::client_ca_file", options.client_ca_file));
  SSL_CTX_set_client_CA_list(context.get(),
                             SSL_load_client_CA_file(options.client_ca_file.c_str()));
  SSL_CTX_set_verify(context.get(),
                     options.client_certificate_optional
                         ? SSL_VERIFY_PEER
                         : SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     nullptr);
  return context;
}

absl::StatusOr<Context> LoadClient(const TlsClientOptions& options) {
  RUNNEL_ASSIGN_OR_RETURN(Context context, NewContext(TLS_client_method()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_alpn_protos(context.get(), kProtocols, sizeof(kProtocols));
  if (options.ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(context.get());
  } else {
    RUNNEL_RETURN_IF_ERROR(
        TrustAuthorities(context.get(), "TlsClientOptions::ca_file", options.ca_file));
  }
  if (!options.certificate_file.empty() || !options.key_file.empty()) {
    RUNNEL_RETURN_IF_ERROR(UseCertificate(context.get(), "TlsClientOptions",
                                          options.certificate_file, options.key_file));
  }
  return context;
}

}  // namespace

absl::StatusOr<std::shared_ptr<TlsContext>> TlsContext::ForServer(TlsServerOptions options,
                                                                  Clock& clock) {
  std::vector<std::string> files = {options.certificate_file, options.key_file,
                                    options.client_ca_file};
  auto on_reload = options.on_reload;
  std::shared_ptr<TlsContext> context(new TlsContext(
      std::move(files), [options = std::move(options)] { return LoadServer(options); },
      std::move(on_reload), clock));
  RUNNEL_RETURN_IF_ERROR(context->LoadFirst());
  return context;
}

absl::StatusOr<std::shared_ptr<TlsContext>> TlsContext::ForClient(TlsClientOptions options,
                                                                  Clock& clock) {
  std::vector<std::string> files = {options.ca_file, options.certificate_file, options.key_file};
  std::string server_name = options.server_name;
  std::shared_ptr<TlsContext> context(new TlsContext(
      std::move(files), [options = std::move(options)] { return LoadClient(options); }, nullptr,
      clock));
  context->server_name_ = std::move(server_name);
  RUNNEL_RETURN_IF_ERROR(context->LoadFirst());
  return context;
}

absl::Status TlsContext::LoadFirst() {
  version_ = VersionOfFiles();
  looked_at_ = clock_.Now();
  RUNNEL_ASSIGN_OR_RETURN(current_, load_());
  return absl::OkStatus();
}

std::string TlsContext::VersionOfFiles() const {
  std::string version;
  for (const std::string& file : files_) {
    struct stat found = {};
    if (file.empty() || stat(file.c_str(), &found) != 0) found = {};
    absl::StrAppend(&version, found.st_dev, ".", found.st_ino, ".", found.st_size, ".",
                    found.st_mtim.tv_sec, ".", found.st_mtim.tv_nsec, ";");
  }
  return version;
}

std::shared_ptr<ssl_ctx_st> TlsContext::ForConnection() {
  absl::Status reloaded;
  {
    std::lock_guard lock(mutex_);
    if (clock_.Now() < looked_at_ + kLookEvery) return current_;
    looked_at_ = clock_.Now();
    // A file that changes while it is read has another version the next time.
    std::string version = VersionOfFiles();
    if (version == version_) return current_;
    version_ = std::move(version);
    absl::StatusOr<Context> context = load_();
    if (context.ok()) current_ = *std::move(context);
    reloaded = context.status();
  }
  if (on_reload_) on_reload_(reloaded);
  std::lock_guard lock(mutex_);
  return current_;
}

}  // namespace runnel
