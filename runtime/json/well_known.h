// The well-known types of protobuf that have a JSON of their own. Generated code finds these
// functions beside its own, by the type of the message.

#ifndef RUNNEL_RUNTIME_JSON_WELL_KNOWN_H_
#define RUNNEL_RUNTIME_JSON_WELL_KNOWN_H_

#include "runtime/json/json_input.h"
#include "runtime/json/json_output.h"

namespace google::protobuf {
class Any;
class BoolValue;
class BytesValue;
class DoubleValue;
class Duration;
class FieldMask;
class FloatValue;
class Int32Value;
class Int64Value;
class ListValue;
class StringValue;
class Struct;
class Timestamp;
class UInt32Value;
class UInt64Value;
class Value;
}  // namespace google::protobuf

namespace runnel {

// By protobuf's own writer and reader, as any type may be in it.
void WriteJson(const google::protobuf::Any& message, JsonOutput& out);
bool ReadJson(JsonInput& in, google::protobuf::Any& message);

// "2026-11-21T16:00:00.5Z". Nothing outside of the years 1 to 9999.
void WriteJson(const google::protobuf::Timestamp& message, JsonOutput& out);
bool ReadJson(JsonInput& in, google::protobuf::Timestamp& message);

// "-1.5s". Nothing beyond 315,576,000,000 s.
void WriteJson(const google::protobuf::Duration& message, JsonOutput& out);
bool ReadJson(JsonInput& in, google::protobuf::Duration& message);

// "path.to.field,other", in lowerCamelCase. Only paths that are the same after the way back.
void WriteJson(const google::protobuf::FieldMask& message, JsonOutput& out);
bool ReadJson(JsonInput& in, google::protobuf::FieldMask& message);

void WriteJson(const google::protobuf::Struct& message, JsonOutput& out);
bool ReadJson(JsonInput& in, google::protobuf::Struct& message);
void WriteJson(const google::protobuf::ListValue& message, JsonOutput& out);
bool ReadJson(JsonInput& in, google::protobuf::ListValue& message);

// A Value that is nothing, not even null, has no JSON: whoever has one leaves it out.
bool HasJson(const google::protobuf::Value& message);
void WriteJson(const google::protobuf::Value& message, JsonOutput& out);
bool ReadJson(JsonInput& in, google::protobuf::Value& message);

// Wrappers are written as what they hold.
void WriteJson(const google::protobuf::BoolValue& message, JsonOutput& out);
bool ReadJson(JsonInput& in, google::protobuf::BoolValue& message);
void WriteJson(const google::protobuf::BytesValue& message, JsonOutput& out);
bool ReadJson(JsonInput& in, google::protobuf::BytesValue& message);
void WriteJson(const google::protobuf::DoubleValue& message, JsonOutput& out);
bool ReadJson(JsonInput& in, google::protobuf::DoubleValue& message);
void WriteJson(const google::protobuf::FloatValue& message, JsonOutput& out);
bool ReadJson(JsonInput& in, google::protobuf::FloatValue& message);
void WriteJson(const google::protobuf::Int32Value& message, JsonOutput& out);
bool ReadJson(JsonInput& in, google::protobuf::Int32Value& message);
void WriteJson(const google::protobuf::Int64Value& message, JsonOutput& out);
bool ReadJson(JsonInput& in, google::protobuf::Int64Value& message);
void WriteJson(const google::protobuf::StringValue& message, JsonOutput& out);
bool ReadJson(JsonInput& in, google::protobuf::StringValue& message);
void WriteJson(const google::protobuf::UInt32Value& message, JsonOutput& out);
bool ReadJson(JsonInput& in, google::protobuf::UInt32Value& message);
void WriteJson(const google::protobuf::UInt64Value& message, JsonOutput& out);
bool ReadJson(JsonInput& in, google::protobuf::UInt64Value& message);

// Whether the strings in them are UTF-8.
bool HasValidUtf8(const google::protobuf::Any& message);
inline bool HasValidUtf8(const google::protobuf::BoolValue&) { return true; }
inline bool HasValidUtf8(const google::protobuf::BytesValue&) { return true; }
inline bool HasValidUtf8(const google::protobuf::DoubleValue&) { return true; }
inline bool HasValidUtf8(const google::protobuf::Duration&) { return true; }
bool HasValidUtf8(const google::protobuf::FieldMask& message);
inline bool HasValidUtf8(const google::protobuf::FloatValue&) { return true; }
inline bool HasValidUtf8(const google::protobuf::Int32Value&) { return true; }
inline bool HasValidUtf8(const google::protobuf::Int64Value&) { return true; }
bool HasValidUtf8(const google::protobuf::ListValue& message);
bool HasValidUtf8(const google::protobuf::StringValue& message);
bool HasValidUtf8(const google::protobuf::Struct& message);
inline bool HasValidUtf8(const google::protobuf::Timestamp&) { return true; }
inline bool HasValidUtf8(const google::protobuf::UInt32Value&) { return true; }
inline bool HasValidUtf8(const google::protobuf::UInt64Value&) { return true; }
bool HasValidUtf8(const google::protobuf::Value& message);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_JSON_WELL_KNOWN_H_
