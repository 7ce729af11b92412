// JsonInput reads a message out of its JSON: strictly RFC 8259, in one pass, without a tree.
// Generated code calls it; people do not. JsonObject, JsonArray and JsonMap are the loops over
// what stands in brackets.
//
// Every function that reads returns false when it cannot; the error then stays, and each loop that
// is left because of it adds where it was: `items[3].price: expected a number at byte 118`.
//
// Stricter than protobuf 3.21, and so as later versions and other languages are: a key that occurs
// twice, a single value where a list belongs, `null` in a list, "true" or 1 for true are refused.
// A value of null is as good as none, but for google.protobuf.Value and NullValue.

#ifndef RUNNEL_RUNTIME_JSON_JSON_INPUT_H_
#define RUNNEL_RUNTIME_JSON_JSON_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "runtime/core/limits.h"
#include "runtime/json/json_enum.h"
#include "runtime/json/number_text.h"

namespace runnel {

class JsonInput {
 public:
  // `text` outlives the input.
  JsonInput(std::string_view text, const Limits& limits);
  JsonInput(const JsonInput&) = delete;
  JsonInput& operator=(const JsonInput&) = delete;

  // Numbers may stand in quotation marks, 64-bit ones mostly do.
  bool Int32(int32_t& value);
  bool Uint32(uint32_t& value);
  bool Int64(int64_t& value);
  bool Uint64(uint64_t& value);
  // Also "NaN", "Infinity" and "-Infinity".
  bool Double(double& value);
  bool Float(float& value);
  bool Bool(bool& value);
  bool String(std::string& value);
  // Base64 in either alphabet, padded or not.
  bool Bytes(std::string& value);
  // A name or a number. `known` becomes false for a name that is not of this enum, unless unknown
  // fields are refused: then it is an error.
  bool Enum(const JsonEnum& type, int& value, bool& known);
  // Whether the value is null, which is read then. Fails never.
  bool Null();
  // A string, as it is until the next one is read.
  bool Text(std::string_view& value);
  // Any value, as it stands in the text.
  bool Raw(std::string_view& value);
  // How far it has come, and the text from such a place to where it is now.
  size_t position() const { return static_cast<size_t>(p_ - begin_); }
  std::string_view Since(size_t start) const { return {begin_ + start, p_}; }
  // What kind of value comes: its first character, '\0' at the end.
  char Peek();

  // The key of a map's entry as the type of its keys.
  bool MapKey(std::string_view text, int32_t& key);
  bool MapKey(std::string_view text, uint32_t& key);
  bool MapKey(std::string_view text, int64_t& key);
  bool MapKey(std::string_view text, uint64_t& key);
  bool MapKey(std::string_view text, bool& key);
  bool MapKey(std::string_view text, std::string& key);

  // False; for a value that its reader does not like: the last one that was read.
  bool Fail(std::string_view what) { return FailAt(value_, what); }
  // Puts a piece of the path before what is known of it.
  void Within(std::string_view field);
  void WithinElement(size_t index);
  void WithinKey(std::string_view key);

  bool ok() const { return !failed_; }
  // Whether nothing follows the value; an error otherwise.
  bool AtEnd();
  // The error there was, in the JSON of a message of this type.
  absl::Status Error(std::string_view type) const;

  const Limits& limits() const { return limits_; }

 private:
  friend class JsonObject;
  friend class JsonArray;
  friend class JsonMap;

  bool FailAt(const char* where, std::string_view what);
  // The error of one of json_scan's steps.
  bool FailAs(absl::Status status);
  void SkipSpace() {
    while (p_ != end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\r' || *p_ == '\t')) ++p_;
  }
  // Moves to the value that comes.
  bool AtValue();
  bool Enter(char open, std::string_view what);
  // Whether a member or element follows; leaves the object or array when none does.
  bool More(bool& first, char close, std::string_view what);
  bool Colon();
  bool Skip();
  // At a quotation mark. What stands between them, and whether it has escapes.
  bool Quoted(std::string_view& body, bool& escaped);
  // The number or string that comes, as a number; `what` is the error when it is none.
  template <typename Read>
  bool Number(std::string_view what, Read read);
  template <typename Read>
  bool NumberInText(std::string_view text, Read read);
  template <typename T>
  bool IntegerKey(std::string_view text, T& key, std::string_view what);
  bool Literal(std::string_view literal);

  const char* const begin_;
  const char* p_;
  const char* const end_;
  const char* value_;  // where the value that is being read, or was read last, begins
  int depth_ = 0;
  bool failed_ = false;
  const Limits& limits_;
  std::string unescaped_;
  // The error, when there is one.
  std::string path_;
  std::string what_;
  size_t where_ = 0;
  absl::Status status_;  // in place of them: a limit was reached
};

// A field of a message as its JSON has it.
struct JsonField {
  std::string_view name;  // in JSON
  uint16_t place;         // the fields of a oneof share one, all others have one each
  bool takes_null;        // null is a value of it
};

struct JsonKey {
  std::string_view key;
  uint16_t field;  // an index
};

// All fields of a message, and under which keys they come: their JSON names, and the names they
// have in the .proto. Keys are in the order of ShorterOrLess.
struct JsonFields {
  std::span<const JsonField> fields;
  std::span<const JsonKey> keys;
};

// The members of a message.
//
//   JsonObject object(in, kFields);
//   while (object.Next()) {
//     bool read = false;
//     switch (object.field()) {
//       case 0: read = in.String(*message.mutable_name()); break;
//     }
//     if (!read) return object.Fail();
//   }
//   return in.ok();
class JsonObject {
 public:
  JsonObject(JsonInput& in, const JsonFields& fields) : in_(in), fields_(fields) {}

  // Moves to the value of the next field that has one.
  bool Next();
  size_t field() const { return field_; }
  bool Fail();

 private:
  // Reads a key and its colon; `known` is whether a field has it.
  bool ReadKey(bool& known);
  bool TakePlace();

  JsonInput& in_;
  const JsonFields& fields_;
  size_t field_ = 0;
  size_t expected_ = 0;  // the field that mostly comes next
  bool entered_ = false;
  bool first_ = true;
  uint64_t taken_ = 0;            // places below 64
  std::vector<bool> taken_more_;  // the others
};

// The elements of a list.
class JsonArray {
 public:
  explicit JsonArray(JsonInput& in) : in_(in) {}

  bool Next();
  // Adds the element to the path; true when there was no error.
  bool Done();

 private:
  JsonInput& in_;
  size_t index_ = 0;
  bool entered_ = false;
  bool first_ = true;
};

// The entries of a map, and the members of a Struct.
class JsonMap {
 public:
  explicit JsonMap(JsonInput& in) : in_(in) {}

  // Moves to the value of the next entry.
  bool Next();
  std::string_view key() const { return key_; }
  // False: this key was there before.
  bool FailTwice();
  // As for arrays.
  bool Done();

 private:
  JsonInput& in_;
  std::string_view key_;
  std::string unescaped_;
  bool entered_ = false;
  bool first_ = true;
  bool within_ = false;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_JSON_JSON_INPUT_H_
