#include "runtime/json/json_containers.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "runtime/core/json_string.h"

namespace runnel {
namespace {

// Whether `size` bytes are the same; names of fields are short, and a call costs more than they do.
bool Same(const char* a, const char* b, size_t size) {
  uint64_t x, y;
  for (; size >= 8; a += 8, b += 8, size -= 8) {
    std::memcpy(&x, a, 8);
    std::memcpy(&y, b, 8);
    if (x != y) return false;
  }
  for (; size > 0; ++a, ++b, --size) {
    if (*a != *b) return false;
  }
  return true;
}

}  // namespace

bool JsonObject::ReadKey(bool& known) {
  // Writers mostly keep the order of the fields.
  const size_t left = static_cast<size_t>(in_.end_ - in_.p_);
  if (expected_ < fields_.fields.size() && left > 0 && *in_.p_ == '"') {
    const std::string_view name = fields_.fields[expected_].name;
    const size_t size = name.size();
    if (left >= size + 2 && in_.p_[size + 1] == '"' && Same(in_.p_ + 1, name.data(), size)) {
      in_.p_ += size + 2;
      field_ = expected_++;
      known = true;
      return in_.Colon();
    }
  }
  const char* const start = in_.p_;
  if (in_.p_ == in_.end_ || *in_.p_ != '"') return in_.FailAt(start, "expected a key");
  std::string_view key;
  if (!in_.Text(key)) return false;
  const auto found = std::lower_bound(fields_.keys.begin(), fields_.keys.end(), key,
                                      [](const JsonKey& entry, std::string_view wanted) {
                                        return ShorterOrLess(entry.key, wanted);
                                      });
  known = found != fields_.keys.end() && found->key == key;
  if (known) {
    field_ = found->field;
    expected_ = field_ + 1;
  } else if (in_.limits_.unknown_json == UnknownJson::kRefuse) {
    return in_.FailAt(start, absl::StrCat(JsonInput::Quote(key), " is no field"));
  }
  return in_.Colon();
}

bool JsonObject::TakePlace() {
  const size_t place = fields_.fields[field_].place;
  bool free;
  if (place < 64) {
    const uint64_t bit = uint64_t{1} << place;
    free = (taken_ & bit) == 0;
    taken_ |= bit;
  } else {
    if (taken_more_.size() <= place - 64) taken_more_.resize(place - 63);
    free = !taken_more_[place - 64];
    taken_more_[place - 64] = true;
  }
  if (free) return true;
  in_.AtValue();
  in_.Fail("expected no second value of this field or its oneof");
  return Fail();
}

bool JsonObject::Next() {
  if (!entered_) {
    entered_ = true;
    if (!in_.Enter('{', "expected an object")) return false;
  }
  while (in_.More(first_, '}', "expected ',' or '}' after a member")) {
    bool known;
    if (!ReadKey(known)) return false;
    if (!known) {
      if (!in_.Skip()) return false;
      continue;
    }
    if (in_.p_ != in_.end_ && *in_.p_ == 'n' && !fields_.fields[field_].takes_null) {
      if (in_.Null()) continue;
    }
    return TakePlace();
  }
  return false;
}

bool JsonObject::Fail() {
  in_.Within(fields_.fields[field_].name);
  return false;
}

bool JsonArray::Next() {
  if (!entered_) {
    entered_ = true;
    if (in_.Enter('[', "expected a list") && in_.More(first_, ']', "")) return true;
    index_ = std::string_view::npos;
    return false;
  }
  if (!in_.ok()) return false;
  if (in_.More(first_, ']', "expected ',' or ']' after an element")) {
    ++index_;
    return true;
  }
  return false;
}

bool JsonArray::Done() {
  if (in_.ok()) return true;
  if (index_ != std::string_view::npos) in_.WithinElement(index_);
  return false;
}

bool JsonMap::Next() {
  if (!entered_) {
    entered_ = true;
    if (!in_.Enter('{', "expected an object")) return false;
  }
  if (!in_.ok()) return false;
  within_ = false;
  if (!in_.More(first_, '}', "expected ',' or '}' after a member")) return false;
  if (in_.p_ == in_.end_ || *in_.p_ != '"') return in_.FailAt(in_.p_, "expected a key");
  in_.value_ = in_.p_;
  bool escaped;
  if (!in_.Quoted(key_, escaped)) return false;
  if (escaped) {
    unescaped_.clear();
    AppendUnescapedJson(key_, unescaped_);
    key_ = unescaped_;
  }
  if (!in_.Colon()) return false;
  within_ = true;
  return true;
}

bool JsonMap::FailTwice() { return in_.Fail("expected no second entry of this key"); }

bool JsonMap::Done() {
  if (in_.ok()) return true;
  if (within_) in_.WithinKey(key_);
  return false;
}

}  // namespace runnel
