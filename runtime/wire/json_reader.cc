#include "runtime/wire/json_reader.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/json_scan.h"
#include "runtime/core/json_string.h"
#include "runtime/core/string_view.h"
#include "runtime/core/utf8.h"
#include "runtime/wire/base64.h"

namespace runnel {
void JsonReader::SkipSpace() { SkipJsonSpace(text_, position_); }

void JsonReader::Fail(std::string_view what) {
  if (status_.ok()) status_ = JsonError(position_, what);
}

void JsonReader::Fail(absl::Status status) {
  if (status_.ok()) status_ = std::move(status);
}

bool JsonReader::Expect(char c, std::string_view what) {
  if (!status_.ok()) return false;
  SkipSpace();
  if (position_ < text_.size() && text_[position_] == c) {
    ++position_;
    return true;
  }
  Fail(what);
  return false;
}

bool JsonReader::Null() {
  if (!status_.ok()) return false;
  SkipSpace();
  if (text_.substr(position_, 4) != "null") return false;
  position_ += 4;
  return true;
}

bool JsonReader::Another(char close, std::string_view what) {
  if (!status_.ok()) return false;
  SkipSpace();
  const char c = position_ < text_.size() ? text_[position_] : '\0';
  if (c == ',' || c == close) {
    ++position_;
    return c == ',';
  }
  Fail(what);
  return false;
}

void JsonReader::Object(absl::FunctionRef<void(std::string_view key)> member) {
  if (!status_.ok() || Null() || !Expect('{', "expected an object")) return;
  if (++depth_ > max_depth_) {
    status_ = JsonDepthError(position_, max_depth_);
    return;
  }
  SkipSpace();
  if (position_ < text_.size() && text_[position_] == '}') {
    ++position_;
  } else {
    do {
      SkipSpace();
      if (position_ >= text_.size() || text_[position_] != '"') {
        Fail("expected a key");
        break;
      }
      std::string storage;
      const std::string_view key = Text(storage);
      if (!Expect(':', "expected ':' after a key")) break;
      member(key);
    } while (Another('}', "expected ',' or '}'"));
  }
  --depth_;
}

void JsonReader::Array(absl::FunctionRef<void()> element) {
  if (!status_.ok() || Null() || !Expect('[', "expected an array")) return;
  if (++depth_ > max_depth_) {
    status_ = JsonDepthError(position_, max_depth_);
    return;
  }
  SkipSpace();
  if (position_ < text_.size() && text_[position_] == ']') {
    ++position_;
  } else {
    do {
      element();
    } while (Another(']', "expected ',' or ']'"));
  }
  --depth_;
}

std::string_view JsonReader::Text(std::string& storage) {
  const size_t start = position_ + 1;
  status_ = SkipJsonString(text_, position_);
  if (!status_.ok()) return std::string_view();
  const std::string_view body = text_.substr(start, position_ - 1 - start);
  if (body.find('\\') == body.npos) return body;
  AppendUnescapedJson(body, storage);
  return storage;
}

std::string JsonReader::String() {
  if (!status_.ok() || Null()) return std::string();
  if (position_ >= text_.size() || text_[position_] != '"') {
    Fail("expected a string");
    return std::string();
  }
  std::string value;
  const std::string_view text = Text(value);
  if (value.empty()) value = text;
  return value;
}

uint64_t JsonReader::Uint64() { return Number(UINT64_MAX); }

uint32_t JsonReader::Uint32() { return static_cast<uint32_t>(Number(UINT32_MAX)); }

uint64_t JsonReader::Number(uint64_t max) {
  if (!status_.ok() || Null()) return 0;
  const size_t start = position_;
  std::string storage;
  const bool quoted = position_ < text_.size() && text_[position_] == '"';
  const std::string_view digits = quoted ? Text(storage) : Raw();
  if (!status_.ok()) return 0;
  uint64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (stop != end || error != std::errc() || value > max) {
    position_ = start;
    Fail(absl::StrCat("expected a whole number from 0 to ", max));
    return 0;
  }
  return value;
}

bool JsonReader::Bool() {
  if (!status_.ok() || Null()) return false;
  const size_t start = position_;
  const std::string_view value = Raw();
  if (value == "true" || value == "false" || !status_.ok()) return value == "true";
  position_ = start;
  Fail("expected true or false");
  return false;
}

std::string JsonReader::Bytes() {
  SkipSpace();
  const size_t start = position_;
  std::string bytes;
  absl::Status decoded = DecodeBase64(String(), bytes);
  if (status_.ok() && !decoded.ok()) {
    position_ = start;
    Fail(absl::StrCat("expected base64 (", decoded.message(), ")"));
  }
  return status_.ok() ? bytes : std::string();
}

std::string_view JsonReader::Raw() {
  if (!status_.ok()) return std::string_view();
  SkipSpace();
  const size_t start = position_;
  status_ = SkipJsonValue(text_, depth_, max_depth_, position_);
  return status_.ok() ? text_.substr(start, position_ - start) : std::string_view();
}

std::string_view JsonReader::RawDocument() {
  if (!status_.ok()) return std::string_view();
  SkipSpace();
  const size_t start = position_;
  status_ = SkipUncheckedJson(text_, position_);
  return status_.ok() ? text_.substr(start, position_ - start) : std::string_view();
}

bool JsonReader::TakeNumber(uint64_t& value) {
  constexpr size_t kMaxDigits = 16;
  const char* const start = text_.data() + position_;
  const char* const end = start + std::min(text_.size() - position_, kMaxDigits);
  const char* const stop = std::from_chars(start, end, value).ptr;
  if (stop == start || (*start == '0' && stop != start + 1)) return false;
  position_ += static_cast<size_t>(stop - start);
  return true;
}

absl::Status JsonReader::Finish() {
  if (status_.ok()) {
    SkipSpace();
    if (position_ != text_.size()) Fail("expected nothing after the value");
  }
  return status_;
}

}  // namespace runnel
