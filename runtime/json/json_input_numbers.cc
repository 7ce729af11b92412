// How JsonInput reads numbers, enums and the keys of maps.

#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"
#include "runtime/json/json_input.h"

namespace runnel {
namespace {

constexpr std::string_view kExpectedInt32 =
    "expected a whole number from -2147483648 to 2147483647";
constexpr std::string_view kExpectedUint32 = "expected a whole number from 0 to 4294967295";
constexpr std::string_view kExpectedInt64 =
    "expected a whole number from -9223372036854775808 to 9223372036854775807";
constexpr std::string_view kExpectedUint64 =
    "expected a whole number from 0 to 18446744073709551615";

template <typename T>
bool ToInteger(const NumberText& number, T& value) {
  if constexpr (std::is_signed_v<T>) {
    int64_t wide = 0;
    if (!number.ToInt64(wide) || wide != static_cast<T>(wide)) return false;
    value = static_cast<T>(wide);
  } else {
    uint64_t wide = 0;
    if (!number.ToUint64(wide) || wide != static_cast<T>(wide)) return false;
    value = static_cast<T>(wide);
  }
  return true;
}

// All of `text` as an integer in the plainest form; else `value` stays.
template <typename T>
bool ParseInteger(std::string_view text, T& value) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return false;
  }
  const char* const end = text.data() + text.size();
  T parsed{};
  const auto [stop, error] = std::from_chars(text.data(), end, parsed);
  if (stop != end || error != std::errc()) return false;
  value = parsed;
  return true;
}

}  // namespace

template <typename Read>
bool JsonInput::NumberInText(std::string_view text, Read read) {
  const NumberText number(text);
  return number.valid() && number.size() == text.size() && read(number);
}

template <typename Read>
bool JsonInput::Number(std::string_view what, Read read) {
  if (AtValue() && (*p_ == '-' || (*p_ >= '0' && *p_ <= '9'))) {
    const NumberText number(std::string_view(p_, end_));
    p_ += number.size();
    if (!number.valid()) return FailAt(p_, number.what());
    return read(number) || Fail(what);
  }
  if (p_ == end_ || *p_ != '"') return FailAt(p_, what);
  std::string_view text;
  if (!Text(text)) return false;
  return NumberInText(text, read) || Fail(what);
}

template <typename T>
bool JsonInput::Integer(T& value, std::string_view what) {
  const auto read = [&value](const NumberText& number) { return ToInteger(number, value); };
  if (Peek() != '"') return Number(what, read);
  std::string_view text;
  if (!Text(text)) return false;
  // In a string protobuf takes a sign and zeros before it; a point or an exponent it does not take
  // there, as the specification asks for.
  return ParseInteger(text, value) || NumberInText(text, read) || Fail(what);
}

bool JsonInput::Int32(int32_t& value) { return Integer(value, kExpectedInt32); }

bool JsonInput::Uint32(uint32_t& value) { return Integer(value, kExpectedUint32); }

bool JsonInput::Int64(int64_t& value) { return Integer(value, kExpectedInt64); }

bool JsonInput::Uint64(uint64_t& value) { return Integer(value, kExpectedUint64); }

bool JsonInput::Double(double& value) {
  constexpr std::string_view kExpected = "expected a number";
  if (Peek() != '"') {
    return Number(kExpected, [&](const NumberText& n) { return n.ToDouble(value); });
  }
  std::string_view text;
  if (!Text(text)) return false;
  if (text == "NaN") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (text == "Infinity" || text == "-Infinity") {
    value = text[0] == '-' ? -HUGE_VAL : HUGE_VAL;
  } else if (!NumberInText(text, [&](const NumberText& n) { return n.ToDouble(value); })) {
    return Fail(kExpected);
  }
  return true;
}

bool JsonInput::Float(float& value) {
  constexpr std::string_view kExpected = "expected a number that a float can hold";
  if (Peek() != '"') {
    return Number(kExpected, [&](const NumberText& n) { return n.ToFloat(value); });
  }
  std::string_view text;
  if (!Text(text)) return false;
  if (text == "NaN") {
    value = std::numeric_limits<float>::quiet_NaN();
  } else if (text == "Infinity" || text == "-Infinity") {
    value = text[0] == '-' ? -HUGE_VALF : HUGE_VALF;
  } else if (!NumberInText(text, [&](const NumberText& n) { return n.ToFloat(value); })) {
    return Fail(kExpected);
  }
  return true;
}

bool JsonInput::Enum(const JsonEnum& type, int& value, bool& known) {
  known = true;
  constexpr std::string_view kExpected = "expected the name or the number of an enum";
  if (Peek() != '"') {
    return Number(kExpected, [&](const NumberText& n) { return ToInteger(n, value); });
  }
  std::string_view text;
  if (!Text(text)) return false;
  if (const int* number = type.Number(text); number != nullptr) {
    value = *number;
    return true;
  }
  // protobuf takes a known number in a string too.
  if (ParseInteger(text, value) && !type.Name(value).empty()) return true;
  known = false;
  if (limits_.unknown_json == UnknownJson::kIgnore) return true;
  return Fail(absl::StrCat(Quote(text), " is no value of this enum"));
}

template <typename T>
bool JsonInput::IntegerKey(std::string_view text, T& key, std::string_view what) {
  return ParseInteger(text, key) || Fail(absl::StrCat(AbslView(what), " as the key"));
}

bool JsonInput::MapKey(std::string_view text, int32_t& key) {
  return IntegerKey(text, key, kExpectedInt32);
}
bool JsonInput::MapKey(std::string_view text, uint32_t& key) {
  return IntegerKey(text, key, kExpectedUint32);
}
bool JsonInput::MapKey(std::string_view text, int64_t& key) {
  return IntegerKey(text, key, kExpectedInt64);
}
bool JsonInput::MapKey(std::string_view text, uint64_t& key) {
  return IntegerKey(text, key, kExpectedUint64);
}
bool JsonInput::MapKey(std::string_view text, bool& key) {
  key = text == "true";
  return key || text == "false" || Fail("expected true or false as the key");
}
bool JsonInput::MapKey(std::string_view text, std::string& key) {
  key.assign(text);
  return true;
}

}  // namespace runnel
