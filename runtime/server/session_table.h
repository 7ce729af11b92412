// SessionTable finds the sessions of a server by their ids and secrets.

#ifndef RUNNEL_RUNTIME_SERVER_SESSION_TABLE_H_
#define RUNNEL_RUNTIME_SERVER_SESSION_TABLE_H_

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "runtime/server/server_session.h"
#include "runtime/session/session_secret.h"

namespace runnel {

// Thread-safe: every loop uses the one table. Secrets are kept as SHA-256 hashes.
class SessionTable {
 public:
  explicit SessionTable(size_t max_sessions) : max_sessions_(max_sessions) {}

  // A name that nobody has yet: 128 random bits as 32 hexadecimal digits.
  static std::string NewId();

  // RESOURCE_EXHAUSTED when the table is full.
  absl::Status Add(std::string_view secret, std::shared_ptr<ServerSession> session);
  // What the header `Runnel-Session: <id>.<secret>` names. NOT_FOUND, reason SESSION_UNKNOWN, when
  // there is no such session or the secret is another.
  absl::StatusOr<std::shared_ptr<ServerSession>> Find(std::string_view header) const;
  // The session that was opened with this secret, for a repeated Open; null when there is none.
  std::shared_ptr<ServerSession> FindBySecret(std::string_view secret) const;
  void Remove(const std::string& id);

  std::vector<std::shared_ptr<ServerSession>> All() const;

 private:
  struct Entry {
    SecretHash secret_hash;
    std::shared_ptr<ServerSession> session;
  };

  const size_t max_sessions_;
  mutable std::mutex mutex_;
  absl::flat_hash_map<std::string, Entry> by_id_;
  absl::flat_hash_map<std::string, std::string> ids_by_hash_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_SESSION_TABLE_H_
