// What the emitters know of messages: what it takes to write and read their JSON, and to find
// their strings. Plain values, as in file.h.

#ifndef RUNNEL_CODEGEN_MODEL_MESSAGE_H_
#define RUNNEL_CODEGEN_MODEL_MESSAGE_H_

#include <cstddef>
#include <string>
#include <vector>

namespace runnel::codegen {

// What a field holds, as far as JSON tells it apart.
enum class FieldKind {
  kInt32,
  kUint32,
  kInt64,
  kUint64,
  kFloat,
  kDouble,
  kBool,
  kString,
  kBytes,
  kEnum,
  kNull,  // google.protobuf.NullValue
  kMessage,
  kValue,  // google.protobuf.Value: the one message that null is a value of
};

enum class FieldShape {
  kImplicit,  // absent when it has its default value
  kExplicit,  // has_x() says whether it is there
  kRepeated,
  kMap,
};

struct EnumValue {
  std::string name;
  int number = 0;
};

struct Enum {
  std::string cpp_type;              // "::chat::v1::Mood"
  std::vector<EnumValue> by_number;  // one name for each number, the first that was declared
  std::vector<EnumValue> by_name;    // all names, shorter ones first, then as their bytes are
};

struct Field {
  std::string cpp_name;   // of its accessors
  std::string json_name;  // as it is, without escapes
  int number = 0;
  FieldShape shape = FieldShape::kImplicit;
  FieldKind kind = FieldKind::kInt32;      // of a map: of its values
  FieldKind key_kind = FieldKind::kInt32;  // of a map
  size_t enum_index = 0;                   // of an enum: in MessageSet::enums
  bool closed = false;                     // an enum that cannot hold other numbers than its own
  size_t place = 0;                        // the fields of a oneof share one
  // It is, or has in it, a string of proto3: one that is UTF-8 in the binary form too.
  bool holds_text = false;
  bool key_holds_text = false;  // of a map
};

// A key under which a field may come.
struct FieldKey {
  std::string key;
  size_t field = 0;  // its index
};

struct Message {
  std::string cpp_type;
  std::vector<Field> fields;   // in the order of their numbers, as messages are written
  std::vector<FieldKey> keys;  // in the order of Enum::by_name
};

// The messages that the services of a file send, and those in them. The well-known types that
// have a JSON of their own are the runtime's.
struct MessageSet {
  std::vector<Message> messages;
  std::vector<Enum> enums;
  // What methods send and receive, as C++ types.
  std::vector<std::string> sent;
  // The same for well-known types.
  std::vector<std::string> well_known_sent;
  // A message, field or enum among them is deprecated.
  bool names_deprecated = false;
};

}  // namespace runnel::codegen

#endif  // RUNNEL_CODEGEN_MODEL_MESSAGE_H_
