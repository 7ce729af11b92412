// JsonInput reads a message out of its JSON: strictly RFC 8259, in one pass, without a tree.
// Generated code calls it; people do not. JsonObject, JsonArray and JsonMap (json_containers.h) are
// the loops over what stands in brackets.
//
// Every function that reads returns false when it cannot; the error then stays, and each loop that
// is left because of it adds where it was: `items[3].price: expected a number at byte 118`.
//
// Where it differs from protobuf 3.21 and why: tests/conformance/JSON.md. A value of null is as
// good as none, but for google.protobuf.Value and NullValue.

#ifndef RUNNEL_RUNTIME_JSON_JSON_INPUT_H_
#define RUNNEL_RUNTIME_JSON_JSON_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

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
  // The same for the value that begins at such a position.
  bool Fail(size_t position, std::string_view what) { return FailAt(begin_ + position, what); }
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
  bool FailAs(const absl::Status& status);
  bool FailDepth();
  // A peer's text for an error: in quotation marks, not too long and without control characters.
  static std::string Quote(std::string_view text);
  void AddToPath(std::string_view piece);
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
  bool Integer(T& value, std::string_view what);
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
  absl::StatusCode code_ = absl::StatusCode::kInvalidArgument;
  std::string path_;
  std::string what_;
  size_t where_ = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_JSON_JSON_INPUT_H_
