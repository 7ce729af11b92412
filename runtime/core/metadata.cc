#include "runtime/core/metadata.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"

namespace runnel {
namespace {

std::string LowerCase(std::string_view key) { return absl::AsciiStrToLower(AbslView(key)); }

bool SameKey(std::string_view stored, std::string_view key) {
  return absl::EqualsIgnoreCase(AbslView(stored), AbslView(key));
}

bool IsKeyCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_' || c == '.' || c == '-';
}

bool IsValueCharacter(char c) { return c >= 0x20 && c <= 0x7e; }

// For error messages: a key that a peer or a user got wrong may hold anything.
std::string Quoted(std::string_view key) {
  constexpr size_t kShown = 64;
  return absl::StrCat("\"", absl::CHexEscape(AbslView(key.substr(0, kShown))),
                      key.size() > kShown ? "…\"" : "\"");
}

}  // namespace

Metadata::Metadata(std::initializer_list<Entry> entries) {
  entries_.reserve(entries.size());
  for (const Entry& entry : entries) Add(entry.first, entry.second);
}

void Metadata::Add(std::string_view key, std::string_view value) {
  Entry entry(LowerCase(key), value);  // first: `value` may view an entry
  entries_.push_back(std::move(entry));
}

void Metadata::Set(std::string_view key, std::string_view value) {
  Entry entry(LowerCase(key), value);  // first: `key` and `value` may view an entry
  std::erase_if(entries_, [&entry](const Entry& other) { return other.first == entry.first; });
  entries_.push_back(std::move(entry));
}

void Metadata::Remove(std::string_view key) {
  const std::string removed = LowerCase(key);
  std::erase_if(entries_, [&removed](const Entry& entry) { return entry.first == removed; });
}

std::optional<std::string_view> Metadata::Get(std::string_view key) const {
  for (const Entry& entry : entries_) {
    if (SameKey(entry.first, key)) return entry.second;
  }
  return std::nullopt;
}

std::vector<std::string_view> Metadata::GetAll(std::string_view key) const {
  std::vector<std::string_view> values;
  for (const Entry& entry : entries_) {
    if (SameKey(entry.first, key)) values.push_back(entry.second);
  }
  return values;
}

absl::Status Metadata::Validate() const {
  for (const auto& [key, value] : entries_) {
    if (key.empty()) return absl::InvalidArgumentError("metadata key is empty");
    if (!std::all_of(key.begin(), key.end(), IsKeyCharacter)) {
      return absl::InvalidArgumentError(
          absl::StrCat("metadata key ", Quoted(key), " has a character outside [0-9a-z_.-]"));
    }
    if (IsReservedKey(key)) {
      return absl::InvalidArgumentError(
          absl::StrCat("metadata key ", Quoted(key), " belongs to HTTP or to the protocol"));
    }
    if (IsBinaryKey(key)) continue;
    if (!std::all_of(value.begin(), value.end(), IsValueCharacter)) {
      return absl::InvalidArgumentError(
          absl::StrCat("metadata value of ", Quoted(key),
                       " is not printable ASCII; a key that ends in \"-bin\" takes any bytes"));
    }
  }
  return absl::OkStatus();
}

bool IsBinaryKey(std::string_view key) { return absl::EndsWithIgnoreCase(AbslView(key), "-bin"); }

bool IsReservedKey(std::string_view key) {
  // Framing, negotiation and connection headers, and whole families of names. What a handler
  // may want to read or set itself (authorization, cookie, user-agent, origin, x-…) is not here.
  static constexpr std::array<std::string_view, 20> kNames = {
      "accept",
      "accept-encoding",
      "accept-post",
      "allow",
      "cache-control",
      "connection",
      "date",
      "expect",
      "host",
      "keep-alive",
      "last-event-id",
      "location",
      "proxy-connection",
      "te",
      "trailer",
      "transfer-encoding",
      "upgrade",
      "http2-settings",
      "x-accel-buffering",
      "server",
  };
  static constexpr std::array<std::string_view, 7> kFamilies = {
      "access-control-", "connect-", "content-", "grpc-", "runnel-", "sec-", "trailer-",
  };
  if (key.empty()) return false;
  // Every field of every message comes by: most are told apart by one character.
  const char first = absl::ascii_tolower(static_cast<unsigned char>(key.front()));
  for (std::string_view name : kNames) {
    if (name.front() == first && SameKey(name, key)) return true;
  }
  for (std::string_view family : kFamilies) {
    if (family.front() != first) continue;
    if (absl::StartsWithIgnoreCase(AbslView(key), AbslView(family))) return true;
  }
  return false;
}

}  // namespace runnel
