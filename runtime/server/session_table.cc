#include "runtime/server/session_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_details.h"
#include "runtime/core/string_view.h"
#include "runtime/http/peer_address.h"

namespace runnel {
namespace {

// How long the secret of a session that is over is remembered, so that a copy of its Open that was
// held up on the way runs nothing a second time. And how many such there may be.
constexpr absl::Duration kRememberUsed = absl::Minutes(10);
constexpr size_t kMaxUsed = 100'000;

absl::Status Unknown() {
  return WithErrorInfo(
      absl::NotFoundError("there is no such session: it has ended, or another server has it"),
      {.reason = "SESSION_UNKNOWN", .domain = "runnel", .metadata = {}});
}

// Sessions with one owner are counted together.
std::string OwnerOf(const ServerSession& session) {
  if (!session.principal().empty()) return absl::StrCat("principal ", session.principal());
  const std::string& peer = session.options().peer;
  const std::optional<asio::ip::address> address = AddressOfPeer(peer);
  return absl::StrCat("address ", address ? NetworkOf(*address) : peer);
}

absl::Status TooMany(size_t count, std::string_view whose, std::string_view limit) {
  return WithErrorInfo(
      absl::ResourceExhaustedError(absl::StrCat(AbslView(whose), " has ", count,
                                                " sessions; limit is Limits::", AbslView(limit))),
      {.reason = "TOO_MANY_SESSIONS", .domain = "runnel", .metadata = {}});
}

absl::StatusOr<std::shared_ptr<ServerSession>> IfOwn(std::shared_ptr<ServerSession> session,
                                                     std::string_view principal) {
  if (session->principal() == principal) return session;
  return WithErrorInfo(absl::PermissionDeniedError("the session was opened by another principal"),
                       {.reason = "WRONG_PRINCIPAL", .domain = "runnel", .metadata = {}});
}

}  // namespace

std::string SessionTable::NewId() { return RandomHex(16); }

absl::Status SessionTable::Add(std::string_view secret, std::shared_ptr<ServerSession> session) {
  std::optional<Refusal> refusal;
  const ServerSession::Options& options = session->options();
  absl::Status added;
  {
    std::lock_guard lock(mutex_);
    added = Insert(secret, session, refusal);
  }
  if (refusal) options.calls->telemetry().Refused(*refusal, options.peer);
  return added;
}

absl::Status SessionTable::Insert(std::string_view secret, std::shared_ptr<ServerSession>& session,
                                  std::optional<Refusal>& refusal) {
  const SecretHash hash = HashOfSecret(secret);
  const std::string key(hash.begin(), hash.end());
  if (ids_by_hash_.contains(key)) return absl::AlreadyExistsError("the session is open");
  ForgetUsed();
  if (used_.contains(key)) return Unknown();
  if (by_id_.size() >= limits_.max_sessions) {
    refusal = Refusal::kMaxSessions;
    return TooMany(by_id_.size(), "the server", "max_sessions");
  }
  const std::string owner = OwnerOf(*session);
  size_t& count = count_by_owner_[owner];
  const bool anonymous = session->principal().empty();
  if (count >=
      (anonymous ? limits_.max_sessions_per_address : limits_.max_sessions_per_principal)) {
    refusal = anonymous ? Refusal::kMaxSessionsPerAddress : Refusal::kMaxSessionsPerPrincipal;
    return TooMany(count, owner,
                   anonymous ? "max_sessions_per_address" : "max_sessions_per_principal");
  }
  const std::string id = session->id();
  ids_by_hash_.emplace(key, id);
  by_id_.emplace(id, Entry{hash, owner, session});
  ++count;
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<ServerSession>> SessionTable::Find(
    std::string_view header, std::string_view principal) const {
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
  return IfOwn(entry.session, principal);
}

absl::StatusOr<std::shared_ptr<ServerSession>> SessionTable::FindBySecret(
    std::string_view secret, std::string_view principal) const {
  const SecretHash hash = HashOfSecret(secret);
  std::lock_guard lock(mutex_);
  auto id = ids_by_hash_.find(std::string(hash.begin(), hash.end()));
  if (id == ids_by_hash_.end()) return std::shared_ptr<ServerSession>();
  return IfOwn(by_id_.at(id->second).session, principal);
}

void SessionTable::Remove(const std::string& id) {
  std::shared_ptr<ServerSession> destroyed_unlocked;
  std::lock_guard lock(mutex_);
  auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  const SecretHash& hash = found->second.secret_hash;
  std::string key(hash.begin(), hash.end());
  ids_by_hash_.erase(key);
  used_.insert(key);
  used_by_time_.push_back({std::move(key), clock_.Now() + kRememberUsed});
  ForgetUsed();
  destroyed_unlocked = std::move(found->second.session);
  auto count = count_by_owner_.find(found->second.owner);
  if (--count->second == 0) count_by_owner_.erase(count);
  by_id_.erase(found);
}

void SessionTable::ForgetUsed() {
  const absl::Time now = clock_.Now();
  while (!used_by_time_.empty() &&
         (used_by_time_.front().until <= now || used_by_time_.size() > kMaxUsed)) {
    used_.erase(used_by_time_.front().hash);
    used_by_time_.pop_front();
  }
}

std::vector<std::shared_ptr<ServerSession>> SessionTable::All() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<ServerSession>> sessions;
  for (const auto& [id, entry] : by_id_) sessions.push_back(entry.session);
  return sessions;
}

std::vector<std::shared_ptr<ServerSession>> SessionTable::After(std::string_view id,
                                                                size_t most) const {
  using Found = std::pair<std::string_view, const std::shared_ptr<ServerSession>*>;
  std::vector<Found> found;
  std::vector<std::shared_ptr<ServerSession>> sessions;
  std::lock_guard lock(mutex_);
  for (const auto& [key, entry] : by_id_) {
    if (std::string_view(key) > id) found.emplace_back(key, &entry.session);
  }
  const auto by_id = [](const Found& a, const Found& b) { return a.first < b.first; };
  most = std::min(most, found.size());
  std::partial_sort(found.begin(), found.begin() + static_cast<ptrdiff_t>(most), found.end(),
                    by_id);
  sessions.reserve(most);
  for (size_t i = 0; i < most; ++i) sessions.push_back(*found[i].second);
  return sessions;
}

size_t SessionTable::size() const {
  std::lock_guard lock(mutex_);
  return by_id_.size();
}

}  // namespace runnel
