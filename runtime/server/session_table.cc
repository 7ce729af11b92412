#include "runtime/server/session_table.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_details.h"
#include "runtime/core/string_view.h"

namespace runnel {
namespace {

absl::Status Unknown() {
  return WithErrorInfo(
      absl::NotFoundError("there is no such session: it has ended, or another server has it"),
      {.reason = "SESSION_UNKNOWN", .domain = "runnel", .metadata = {}});
}

}  // namespace

std::string SessionTable::NewId() { return RandomHex(16); }

absl::Status SessionTable::Add(std::string_view secret, std::shared_ptr<ServerSession> session) {
  const SecretHash hash = HashOfSecret(secret);
  std::lock_guard lock(mutex_);
  if (by_id_.size() >= max_sessions_) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the server has ", by_id_.size(), " sessions; limit is Limits::max_sessions"));
  }
  const std::string id = session->id();
  ids_by_hash_.emplace(std::string(hash.begin(), hash.end()), id);
  by_id_.emplace(id, Entry{hash, std::move(session)});
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<ServerSession>> SessionTable::Find(std::string_view header) const {
  const size_t dot = header.find('.');
  if (dot == header.npos) {
    return absl::InvalidArgumentError("the header Runnel-Session is not <id>.<secret>");
  }
  const SecretHash hash = HashOfSecret(header.substr(dot + 1));
  std::lock_guard lock(mutex_);
  auto found = by_id_.find(AbslView(header.substr(0, dot)));
  if (found == by_id_.end()) return Unknown();
  const Entry& entry = found->second;
  if (!SameHash(hash, entry.secret_hash)) return Unknown();
  return entry.session;
}

std::shared_ptr<ServerSession> SessionTable::FindBySecret(std::string_view secret) const {
  const SecretHash hash = HashOfSecret(secret);
  std::lock_guard lock(mutex_);
  auto id = ids_by_hash_.find(std::string(hash.begin(), hash.end()));
  if (id == ids_by_hash_.end()) return nullptr;
  auto found = by_id_.find(id->second);
  return found == by_id_.end() ? nullptr : found->second.session;
}

void SessionTable::Remove(const std::string& id) {
  std::shared_ptr<ServerSession> destroyed_unlocked;
  std::lock_guard lock(mutex_);
  auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  const SecretHash& hash = found->second.secret_hash;
  ids_by_hash_.erase(std::string(hash.begin(), hash.end()));
  destroyed_unlocked = std::move(found->second.session);
  by_id_.erase(found);
}

std::vector<std::shared_ptr<ServerSession>> SessionTable::All() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<ServerSession>> sessions;
  for (const auto& [id, entry] : by_id_) sessions.push_back(entry.session);
  return sessions;
}

}  // namespace runnel
