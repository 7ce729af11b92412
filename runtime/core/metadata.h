// Metadata travels with a call beside its messages: from the client when the call
// opens, from the server before the first message (headers) and at the end (trailers).

#ifndef RUNNEL_RUNTIME_CORE_METADATA_H_
#define RUNNEL_RUNTIME_CORE_METADATA_H_

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace runnel {

// Metadata is an ordered list of key-value pairs in which a key may repeat.
//
// Keys are compared without regard to case and are kept in lower case. A key ending
// in "-bin" has values of arbitrary bytes (base64 on the wire); any other value is
// printable ASCII and spaces. A value: copies and moves; not synchronized.
class Metadata {
 public:
  using Entry = std::pair<std::string, std::string>;
  using value_type = Entry;
  using const_iterator = std::vector<Entry>::const_iterator;

  Metadata() = default;
  Metadata(std::initializer_list<Entry> entries);

  // Appends an entry. Invalid ones (see Validate) are kept here and refused with
  // INVALID_ARGUMENT when the call that carries them starts.
  void Add(std::string_view key, std::string_view value);
  // Replaces all entries of `key` with one.
  void Set(std::string_view key, std::string_view value);
  void Remove(std::string_view key);

  // The first value of `key`.
  std::optional<std::string_view> Get(std::string_view key) const;
  std::vector<std::string_view> GetAll(std::string_view key) const;
  bool Contains(std::string_view key) const { return Get(key).has_value(); }

  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  const_iterator begin() const { return entries_.begin(); }
  const_iterator end() const { return entries_.end(); }

  // OK when every entry may travel: keys are non-empty and made of [0-9a-z_.-], do not
  // belong to the protocol (IsReservedKey), and values are as said above. INVALID_ARGUMENT
  // names the key otherwise.
  absl::Status Validate() const;

  friend bool operator==(const Metadata&, const Metadata&) = default;

 private:
  std::vector<Entry> entries_;
};

// Whether `key` names bytes ("-bin").
bool IsBinaryKey(std::string_view key);

// Whether a header or trailer of this name belongs to HTTP or to the protocol itself
// (content-type, connect-timeout-ms, runnel-session, …), so is never metadata.
bool IsReservedKey(std::string_view key);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CORE_METADATA_H_
