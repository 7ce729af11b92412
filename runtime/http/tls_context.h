// TlsContext is what the TLS connections of a server, or of a client, have in common: keys,
// certificates and whom to trust, read from files.

#ifndef RUNNEL_RUNTIME_HTTP_TLS_CONTEXT_H_
#define RUNNEL_RUNTIME_HTTP_TLS_CONTEXT_H_

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/clock.h"
#include "runtime/http/tls_options.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace runnel {

// Thread-safe.
class TlsContext {
 public:
  // INVALID_ARGUMENT says which option, which file, and what is wrong with it.
  static absl::StatusOr<std::shared_ptr<TlsContext>> ForServer(TlsServerOptions options,
                                                               Clock& clock);
  static absl::StatusOr<std::shared_ptr<TlsContext>> ForClient(TlsClientOptions options,
                                                               Clock& clock);

  // For one more connection. Looks at the files first, where that was not done within the last
  // second.
  std::shared_ptr<ssl_ctx_st> ForConnection();

  // The name to verify instead of the host of the URL (clients).
  const std::string& server_name() const { return server_name_; }

 private:
  using Load = std::function<absl::StatusOr<std::shared_ptr<ssl_ctx_st>>()>;

  TlsContext(std::vector<std::string> files, Load load,
             std::function<void(const absl::Status&)> on_reload, Clock& clock)
      : files_(std::move(files)),
        load_(std::move(load)),
        on_reload_(std::move(on_reload)),
        clock_(clock) {}

  absl::Status LoadFirst();
  // Changes whenever one of the files does.
  std::string VersionOfFiles() const;

  const std::vector<std::string> files_;
  const Load load_;
  const std::function<void(const absl::Status&)> on_reload_;
  Clock& clock_;
  std::string server_name_;

  std::mutex mutex_;
  std::shared_ptr<ssl_ctx_st> current_;
  std::string version_;
  absl::Time looked_at_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_TLS_CONTEXT_H_
