// JsonObject, JsonArray and JsonMap are the loops over what stands in brackets. Generated code
// calls them; people do not. A loop that is left because of an error adds to it where it was.

#ifndef RUNNEL_RUNTIME_JSON_JSON_CONTAINERS_H_
#define RUNNEL_RUNTIME_JSON_JSON_CONTAINERS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/json/json_input.h"

namespace runnel {

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

#endif  // RUNNEL_RUNTIME_JSON_JSON_CONTAINERS_H_
