// SessionTable finds the sessions of a server by their ids and secrets.

#ifndef RUNNEL_RUNTIME_SERVER_SESSION_TABLE_H_
#define RUNNEL_RUNTIME_SERVER_SESSION_TABLE_H_

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/clock.h"
#include "runtime/core/limits.h"
#include "runtime/server/server_session.h"
#include "runtime/session/session_secret.h"

namespace runnel {

// Thread-safe: every loop uses the one table. Secrets are kept as SHA-256 hashes.
class SessionTable {
 public:
  // The clock outlives the table.
  SessionTable(const Limits& limits, Clock& clock) : limits_(limits), clock_(clock) {}

  // A name that nobody has yet: 128 random bits as 32 hexadecimal digits.
  static std::string NewId();

  // ALREADY_EXISTS when there is a session with this secret. SESSION_UNKNOWN when there was one:
  // this Open is a late copy. RESOURCE_EXHAUSTED, reason TOO_MANY_SESSIONS, when there are too many
  // in all, of its principal, or, where it has none, of its peer's address. On the session's loop.
  absl::Status Add(std::string_view secret, std::shared_ptr<ServerSession> session);
  // What the header `Runnel-Session: <id>.<secret>` names. NOT_FOUND, reason SESSION_UNKNOWN, when
  // there is no such session or the secret is another. PERMISSION_DENIED, reason WRONG_PRINCIPAL,
  // when it is somebody else's.
  absl::StatusOr<std::shared_ptr<ServerSession>> Find(std::string_view header,
                                                      std::string_view principal) const;
  // The session that was opened with this secret, for a repeated Open; null when there is none.
  absl::StatusOr<std::shared_ptr<ServerSession>> FindBySecret(std::string_view secret,
                                                              std::string_view principal) const;
  void Remove(const std::string& id);

  std::vector<std::shared_ptr<ServerSession>> All() const;
  // The first `most` by their ids that come after `id`, in that order.
  std::vector<std::shared_ptr<ServerSession>> After(std::string_view id, size_t most) const;
  size_t size() const;

 private:
  struct Entry {
    SecretHash secret_hash;
    std::string owner;
    std::shared_ptr<ServerSession> session;
  };

  // A secret of a session that is over.
  struct Used {
    std::string hash;
    absl::Time until;
  };

  // Add, with the lock held. Says which limit it was.
  absl::Status Insert(std::string_view secret, std::shared_ptr<ServerSession>& session,
                      std::optional<Refusal>& refusal);
  void ForgetUsed();

  const Limits limits_;
  Clock& clock_;
  mutable std::mutex mutex_;
  absl::flat_hash_map<std::string, Entry> by_id_;
  absl::flat_hash_map<std::string, std::string> ids_by_hash_;
  absl::flat_hash_map<std::string, size_t> count_by_owner_;
  absl::flat_hash_set<std::string> used_;
  std::deque<Used> used_by_time_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_SESSION_TABLE_H_
