#include "runtime/http/http_headers.h"

#include <algorithm>

namespace runnel {
namespace {

constexpr size_t kExpectedFields = 8;

char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return ToLower(x) == ToLower(y);
         });
}

void HttpHeaders::Add(std::string_view name, std::string_view value) {
  if (entries_.empty()) entries_.reserve(kExpectedFields);
  entries_.emplace_back(name, value);
}

void HttpHeaders::Set(std::string_view name, std::string_view value) {
  // `name` or `value` may point into the fields that go.
  Entry entry(name, value);
  Remove(entry.first);
  entries_.push_back(std::move(entry));
}

void HttpHeaders::Remove(std::string_view name) {
  const std::string wanted(name);
  std::erase_if(entries_,
                [&wanted](const Entry& entry) { return EqualsIgnoreCase(entry.first, wanted); });
}

std::optional<std::string_view> HttpHeaders::Get(std::string_view name) const {
  for (const Entry& entry : entries_) {
    if (entry.first.size() != name.size()) continue;  // most are no closer than that
    if (EqualsIgnoreCase(entry.first, name)) return entry.second;
  }
  return std::nullopt;
}

}  // namespace runnel
