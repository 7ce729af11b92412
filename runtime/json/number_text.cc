#include "runtime/json/number_text.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <system_error>

#include "absl/strings/charconv.h"

namespace runnel {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The digits and the exponent of a number, d.ddd × 10^exponent.
struct Digits {
  char digits[24];
  int count = 0;
  int exponent = 0;
};

// The fewest digits that read back as `value`, which is positive.
template <typename T>
Digits Shortest(T value) {
  char text[32];
  const char* const end =
      std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  Digits result;
  const char* p = text;
  for (; *p != 'e'; ++p) {
    if (*p != '.') result.digits[result.count++] = *p;
  }
  while (result.count > 1 && result.digits[result.count - 1] == '0') --result.count;
  std::from_chars(p[1] == '+' ? p + 2 : p + 1, end, result.exponent);
  return result;
}

// As printf's %.*g with `precision` lays the digits out.
char* Lay(const Digits& digits, int precision, char* to) {
  const int exponent = digits.exponent;
  if (exponent < -4 || exponent >= precision) {
    *to++ = digits.digits[0];
    if (digits.count > 1) {
      *to++ = '.';
      std::memcpy(to, digits.digits + 1, digits.count - 1);
      to += digits.count - 1;
    }
    *to++ = 'e';
    *to++ = exponent < 0 ? '-' : '+';
    const int size = std::abs(exponent);
    if (size < 10) *to++ = '0';
    return std::to_chars(to, to + 4, size).ptr;
  }
  if (exponent < 0) {
    std::memcpy(to, "0.000", 5);
    to += 1 - exponent;
    std::memcpy(to, digits.digits, digits.count);
    return to + digits.count;
  }
  const int before = exponent + 1;  // digits before the point
  if (digits.count <= before) {
    std::memcpy(to, digits.digits, digits.count);
    std::memset(to + digits.count, '0', before - digits.count);
    return to + before;
  }
  std::memcpy(to, digits.digits, before);
  to[before] = '.';
  std::memcpy(to + before + 1, digits.digits + before, digits.count - before);
  return to + digits.count + 1;
}

// protobuf prints a number with kShort digits, and again with kLong when that does not read back
// as the same. The shortest digits tell which it will be, and mostly what.
template <int kShort, int kLong, typename T>
char* Write(T value, char* to) {
  if (std::signbit(value)) {
    *to++ = '-';
    value = -value;
  }
  if (value == 0) {
    *to++ = '0';
    return to;
  }
  const auto general = [&](int precision) {
    return std::to_chars(to, to + kMaxNumberText - 1, value, std::chars_format::general, precision)
        .ptr;
  };
  if (value < std::numeric_limits<T>::min()) {
    // Subnormal: fewer digits than kShort may be the shortest without being the nearest. The C
    // library counts a subnormal float as an error, so protobuf never trusts the short form of one.
    if constexpr (std::is_same_v<T, float>) return general(kLong);
    char* const end = general(kShort);
    T read = 0;
    std::from_chars(to, end, read);
    return read == value ? end : general(kLong);
  }
  const Digits digits = Shortest(value);
  if (digits.count <= kShort) return Lay(digits, kShort, to);
  if (digits.count == kLong) return Lay(digits, kLong, to);
  return general(kLong);
}

// Writes a double that is a decimal of at most six places and 15 digits, as most that people make
// are; nullptr when it is none.
char* WriteShortDecimal(double value, char* to) {
  constexpr double kScale = 1e6, kLimit = 1e15;
  const double size = std::fabs(value);
  if (!(size >= 1e-3 && size < kLimit / kScale)) return nullptr;
  const auto scaled = static_cast<uint64_t>(size * kScale + 0.5);
  if (static_cast<double>(scaled) / kScale != size) return nullptr;
  if (value < 0) *to++ = '-';
  uint64_t whole = scaled / 1'000'000;
  uint32_t fraction = static_cast<uint32_t>(scaled % 1'000'000);
  to = std::to_chars(to, to + 20, whole).ptr;
  if (fraction == 0) return to;
  *to = '.';
  for (int i = 6; i > 0; --i, fraction /= 10) to[i] = static_cast<char>('0' + fraction % 10);
  to += 7;
  while (to[-1] == '0') --to;
  return to;
}

constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int64_t kMaxExactPower = 22;
constexpr uint64_t kMaxExactMantissa = uint64_t{1} << 53;

}  // namespace

char* WriteDouble(double value, char* to) {
  if (char* const end = WriteShortDecimal(value, to); end != nullptr) return end;
  return Write<15, 17>(value, to);
}

char* WriteFloat(float value, char* to) { return Write<6, 9>(value, to); }

NumberText::NumberText(std::string_view text) { Parse(text); }

void NumberText::Parse(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  const auto fail = [&](const char* what) {
    what_ = what;
    text_ = text.substr(0, p - text.data());
  };
  constexpr uint64_t kRoom = (UINT64_MAX - 9) / 10;  // a mantissa that can take one more digit
  const auto digits = [&] {
    const char* const first = p;
    for (; p != end && IsDigit(*p); ++p) {
      if (mantissa_ <= kRoom) {
        mantissa_ = mantissa_ * 10 + static_cast<uint64_t>(*p - '0');
      } else {
        exact_ = false;
      }
    }
    return p - first;
  };

  if (p != end && *p == '-') {
    negative_ = true;
    ++p;
  }
  if (p == end || !IsDigit(*p)) return fail("expected a digit");
  if (*p == '0') {
    if (++p != end && IsDigit(*p)) return fail("expected no digit after a leading 0");
  } else {
    digits();
  }
  if (p != end && *p == '.') {
    whole_ = false;
    ++p;
    const int64_t places = digits();
    if (places == 0) return fail("expected a digit after '.'");
    exponent_ = -places;
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    whole_ = false;
    ++p;
    bool negative = false;
    if (p != end && (*p == '+' || *p == '-')) negative = *p++ == '-';
    if (p == end || !IsDigit(*p)) return fail("expected a digit in the exponent");
    int64_t exponent = 0;
    for (; p != end && IsDigit(*p); ++p) {
      if (exponent < 100'000'000) exponent = exponent * 10 + (*p - '0');
    }
    exponent_ += negative ? -exponent : exponent;
  }
  text_ = text.substr(0, p - text.data());
}

// An integer whose digits did not all fit on the way; the sign is left out.
bool NumberText::FromText(uint64_t& mantissa) const {
  if (exact_) {
    mantissa = mantissa_;
    return true;
  }
  const char* const end = text_.data() + text_.size();
  return std::from_chars(text_.data() + (negative_ ? 1 : 0), end, mantissa).ec == std::errc();
}

bool NumberText::Size(uint64_t& size) const {
  if (whole_) return FromText(size);
  std::string_view text = text_.substr(0, text_.find_first_of("eE"));
  if (negative_) text.remove_prefix(1);
  int64_t exponent = exponent_;
  // Zeros at the end change the exponent only.
  for (; text.ends_with('0') || text.ends_with('.'); text.remove_suffix(1)) {
    if (text.ends_with('0')) ++exponent;
  }
  size = 0;
  for (const char c : text) {
    if (c == '.') continue;
    if (__builtin_mul_overflow(size, 10, &size)) return false;
    if (__builtin_add_overflow(size, static_cast<uint64_t>(c - '0'), &size)) return false;
  }
  if (size == 0) return true;
  if (exponent < 0) return false;
  for (; exponent > 0; --exponent) {
    if (__builtin_mul_overflow(size, 10, &size)) return false;
  }
  return true;
}

bool NumberText::ToInt64(int64_t& value) const {
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  uint64_t size = 0;
  if (!Size(size) || size > kMax + (negative_ ? 1 : 0)) return false;
  value = static_cast<int64_t>(negative_ ? 0 - size : size);
  return true;
}

bool NumberText::ToUint64(uint64_t& value) const {
  return Size(value) && (!negative_ || value == 0);
}

bool NumberText::ToDouble(double& value) const {
  if (exact_ && mantissa_ <= kMaxExactMantissa && exponent_ >= -kMaxExactPower &&
      exponent_ <= kMaxExactPower) {
    value = static_cast<double>(mantissa_);
    if (exponent_ < 0) {
      value /= kPowersOfTen[-exponent_];
    } else {
      value *= kPowersOfTen[exponent_];
    }
    if (negative_) value = -value;
    return true;
  }
  // Abseil's, as the standard's leaves `value` alone when it is too small for a double.
  const auto [stop, error] = absl::from_chars(text_.data(), text_.data() + text_.size(), value);
  return error == std::errc() || std::fabs(value) < 1;
}

bool NumberText::ToFloat(float& value) const {
  uint64_t mantissa = 0;
  if (whole_ && FromText(mantissa)) {
    value = static_cast<float>(mantissa);
    if (negative_) value = -value;
    return true;
  }
  double number;
  if (!ToDouble(number)) return false;
  constexpr float kMax = std::numeric_limits<float>::max();
  // From here on the nearest float would be infinite.
  if (std::fabs(number) >= 0x1.ffffffp127) return false;
  if (std::fabs(number) > kMax) {
    value = std::copysign(kMax, static_cast<float>(number < 0 ? -1 : 1));
  } else {
    value = static_cast<float>(number);
  }
  return true;
}

}  // namespace runnel
