// HttpHeaders are the fields of an HTTP head, in order, repeats kept.

#ifndef RUNNEL_RUNTIME_HTTP_HTTP_HEADERS_H_
#define RUNNEL_RUNTIME_HTTP_HTTP_HEADERS_H_

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace runnel {

// A value. Names compare without regard to ASCII case (RFC 9110 section 5.1).
class HttpHeaders {
 public:
  using Entry = std::pair<std::string, std::string>;

  HttpHeaders() = default;
  HttpHeaders(std::initializer_list<Entry> entries) : entries_(entries) {}

  void Add(std::string_view name, std::string_view value);
  // Replaces every field of this name by one.
  void Set(std::string_view name, std::string_view value);
  void Remove(std::string_view name);

  // The first field of this name.
  std::optional<std::string_view> Get(std::string_view name) const;
  bool Contains(std::string_view name) const { return Get(name).has_value(); }

  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  std::vector<Entry>::const_iterator begin() const { return entries_.begin(); }
  std::vector<Entry>::const_iterator end() const { return entries_.end(); }

 private:
  std::vector<Entry> entries_;
};

// Whether two tokens are the same but for ASCII case.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_HTTP_HEADERS_H_
