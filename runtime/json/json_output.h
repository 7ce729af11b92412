// JsonOutput writes the JSON of a message, byte for byte as protobuf's own writer does, straight
// into the string that will be sent. Generated code calls it; people do not.
//
//   JsonOutput out(bytes);
//   size_t object;
//   if (!out.Begin(object)) return;
//   out.Key(",\"price\":"); out.Double(1.5);
//   out.EndObject(object);
//   return std::move(out).Finish();
//
// Every key and every element has a comma before it; the end of an object or array puts its
// opening bracket in place of the first.

#ifndef RUNNEL_RUNTIME_JSON_JSON_OUTPUT_H_
#define RUNNEL_RUNTIME_JSON_JSON_OUTPUT_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "runtime/json/json_enum.h"

namespace runnel {

class JsonOutput {
 public:
  // Appends to `out`, whose length until Finish means nothing.
  explicit JsonOutput(std::string& out);
  JsonOutput(const JsonOutput&) = delete;
  JsonOutput& operator=(const JsonOutput&) = delete;

  // Begins an object or an array. False when that is not possible: they nest too deep.
  bool Begin(size_t& start);
  void EndObject(size_t start) { End(start, '{', '}'); }
  void EndArray(size_t start) { End(start, '[', ']'); }

  // `,"name":`, ready to be copied.
  void Key(std::string_view key) {
    char* to = Reserve(key.size());
    std::memcpy(to, key.data(), key.size());
    next_ = to + key.size();
  }
  // The comma before an element.
  void Element() { Key(","); }

  // The key of a map's entry, with its comma and colon.
  void MapKey(std::string_view key);
  void MapKey(bool key);
  void MapKey(int32_t key);
  void MapKey(uint32_t key);
  void MapKey(int64_t key);
  void MapKey(uint64_t key);

  void Null() { Raw("null"); }
  void Bool(bool value) { Raw(value ? std::string_view("true") : std::string_view("false")); }
  void Int32(int32_t value);
  void Uint32(uint32_t value);
  // In quotation marks: not every reader has 64 bits.
  void Int64(int64_t value);
  void Uint64(uint64_t value);
  void Double(double value);
  void Float(float value);
  void String(std::string_view text);
  void Bytes(std::string_view bytes);
  // The name, or the number when it has none.
  void Enum(const JsonEnum& type, int number);
  // JSON as it stands.
  void Raw(std::string_view json) { Key(json); }

  // Whether a number is written although it may be absent: -0 is.
  static bool HasBits(double value) { return std::bit_cast<uint64_t>(value) != 0; }
  static bool HasBits(float value) { return std::bit_cast<uint32_t>(value) != 0; }

  // The first error stays; what is written after it does not matter.
  void Fail(absl::Status error);
  // Ends the text. INVALID_ARGUMENT for a string that is not UTF-8 and the like.
  absl::Status Finish() &&;

 private:
  // Room for `size` characters at the end.
  char* Reserve(size_t size) {
    if (static_cast<size_t>(end_ - next_) < size) Grow(size);
    return next_;
  }
  void Grow(size_t size);
  void End(size_t start, char open, char close);
  template <typename T>
  void Number(T value);
  template <typename T>
  void QuotedNumber(T value);
  // What follows the part of a string that needs no escape, and the closing mark.
  void EscapedRest(std::string_view text);

  std::string& out_;
  const size_t before_;  // the length of out_ when we came
  char* next_;
  char* end_;
  int depth_ = 0;
  absl::Status error_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_JSON_JSON_OUTPUT_H_
