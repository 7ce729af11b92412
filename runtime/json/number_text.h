// Numbers as the JSON of protobuf writes and reads them.

#ifndef RUNNEL_RUNTIME_JSON_NUMBER_TEXT_H_
#define RUNNEL_RUNTIME_JSON_NUMBER_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace runnel {

// The longest text of any number: a sign, 17 digits, a point and an exponent fit easily.
inline constexpr size_t kMaxNumberText = 32;

// Write the number at `to`, which has room for kMaxNumberText characters, and return its end. A
// double is written with 15 significant digits when they read back as the same value, otherwise
// with 17; a float with 6 or 9. Both are finite.
char* WriteDouble(double value, char* to);
char* WriteFloat(float value, char* to);

// A number of a JSON text, taken apart: ± mantissa × 10^exponent.
class NumberText {
 public:
  // Reads a number (RFC 8259 section 6) at the beginning of `text`. When there is none, what()
  // says what was expected at `size()`.
  explicit NumberText(std::string_view text);

  bool valid() const { return what_ == nullptr; }
  const char* what() const { return what_; }
  // How many characters it takes.
  size_t size() const { return text_.size(); }

  // Each false when the value has no such form: it is out of range, or, for integers, not whole.
  // Integers are exact, however they are written.
  bool ToInt64(int64_t& value) const;
  bool ToUint64(uint64_t& value) const;
  bool ToDouble(double& value) const;
  bool ToFloat(float& value) const;

 private:
  void Parse(std::string_view text);
  bool FromText(uint64_t& mantissa) const;
  // The value without its sign, when it is a whole number that fits.
  bool Size(uint64_t& size) const;

  std::string_view text_;
  const char* what_ = nullptr;
  uint64_t mantissa_ = 0;
  int64_t exponent_ = 0;
  bool negative_ = false;
  bool whole_ = true;  // neither point nor exponent
  bool exact_ = true;  // the mantissa has all digits
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_JSON_NUMBER_TEXT_H_
