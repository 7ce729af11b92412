#include "tests/conformance/random_message.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "google/protobuf/any.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/wrappers.pb.h"
#include "runtime/core/utf8.h"
#include "tests/conformance/json_kinds2.pb.h"

namespace runnel::conformance {
namespace {

namespace pb = google::protobuf;

class Filler {
 public:
  explicit Filler(Random& random) : random_(random) {}

  void Fill(pb::Message& message, int depth) {
    const std::string& name = message.GetDescriptor()->full_name();
    if (name.starts_with("google.protobuf.") && FillWellKnown(name, message, depth)) return;
    const pb::Descriptor& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      if (type.field(i)->is_required()) SetField(message, *type.field(i), depth);
    }
    if (type.field_count() == 0) return;
    for (size_t fields = random_.Below(depth == 0 ? 4 : 5); fields > 0; --fields) {
      SetField(message, *type.field(static_cast<int>(random_.Below(type.field_count()))), depth);
    }
  }

 private:
  static constexpr int kMaxDepth = 6;

  void SetField(pb::Message& message, const pb::FieldDescriptor& field, int depth) {
    if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE && depth >= kMaxDepth) return;
    if (!field.is_repeated()) return SetValue(message, field, depth, false);
    for (size_t count = 1 + random_.Below(3); count > 0; --count) {
      if (field.is_map()) {
        AddEntry(message, field, depth);
      } else {
        SetValue(message, field, depth, true);
      }
    }
  }

  // Only if there is none with its key.
  void AddEntry(pb::Message& message, const pb::FieldDescriptor& field, int depth) {
    const pb::Reflection& reflection = *message.GetReflection();
    pb::Message& entry = *reflection.AddMessage(&message, &field);
    SetValue(entry, *field.message_type()->map_key(), depth, false);
    SetValue(entry, *field.message_type()->map_value(), depth, false);
    const int last = reflection.FieldSize(message, &field) - 1;
    const std::string key = KeyOf(entry);
    for (int i = 0; i < last; ++i) {
      if (KeyOf(reflection.GetRepeatedMessage(message, &field, i)) == key) {
        return reflection.RemoveLast(&message, &field);
      }
    }
  }

  static std::string KeyOf(const pb::Message& entry) {
    std::unique_ptr<pb::Message> copy(entry.New());
    copy->CopyFrom(entry);
    copy->GetReflection()->ClearField(copy.get(), copy->GetDescriptor()->map_value());
    return copy->SerializePartialAsString();
  }

  void SetValue(pb::Message& message, const pb::FieldDescriptor& field, int depth, bool add) {
    const pb::Reflection& r = *message.GetReflection();
    switch (field.cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_INT32: {
        const auto value = static_cast<int32_t>(Integer());
        return add ? r.AddInt32(&message, &field, value) : r.SetInt32(&message, &field, value);
      }
      case pb::FieldDescriptor::CPPTYPE_UINT32: {
        const auto value = static_cast<uint32_t>(Integer());
        return add ? r.AddUInt32(&message, &field, value) : r.SetUInt32(&message, &field, value);
      }
      case pb::FieldDescriptor::CPPTYPE_INT64: {
        const auto value = static_cast<int64_t>(Integer());
        return add ? r.AddInt64(&message, &field, value) : r.SetInt64(&message, &field, value);
      }
      case pb::FieldDescriptor::CPPTYPE_UINT64: {
        const uint64_t value = Integer();
        return add ? r.AddUInt64(&message, &field, value) : r.SetUInt64(&message, &field, value);
      }
      case pb::FieldDescriptor::CPPTYPE_FLOAT: {
        const float value = Floating<float, uint32_t>();
        return add ? r.AddFloat(&message, &field, value) : r.SetFloat(&message, &field, value);
      }
      case pb::FieldDescriptor::CPPTYPE_DOUBLE: {
        const double value = Floating<double, uint64_t>();
        return add ? r.AddDouble(&message, &field, value) : r.SetDouble(&message, &field, value);
      }
      case pb::FieldDescriptor::CPPTYPE_BOOL: {
        const bool value = random_.OneIn(2);
        return add ? r.AddBool(&message, &field, value) : r.SetBool(&message, &field, value);
      }
      case pb::FieldDescriptor::CPPTYPE_ENUM: {
        const int value = EnumNumber(field);
        return add ? r.AddEnumValue(&message, &field, value)
                   : r.SetEnumValue(&message, &field, value);
      }
      case pb::FieldDescriptor::CPPTYPE_STRING: {
        std::string value = field.type() == pb::FieldDescriptor::TYPE_BYTES ? Bytes() : Text();
        return add ? r.AddString(&message, &field, std::move(value))
                   : r.SetString(&message, &field, std::move(value));
      }
      case pb::FieldDescriptor::CPPTYPE_MESSAGE:
        return Fill(add ? *r.AddMessage(&message, &field) : *r.MutableMessage(&message, &field),
                    depth + 1);
    }
  }

  bool FillWellKnown(const std::string& name, pb::Message& message, int depth) {
    if (name == "google.protobuf.Timestamp") {
      auto& time = static_cast<pb::Timestamp&>(message);
      constexpr int64_t kMin = -62'135'596'800, kMax = 253'402'300'799;
      time.set_seconds(random_.OneIn(4)
                           ? (random_.OneIn(2) ? kMin : kMax)
                           : kMin + static_cast<int64_t>(random_.Bits() % (kMax - kMin + 1)));
      time.set_nanos(Nanos());
      return true;
    }
    if (name == "google.protobuf.Duration") {
      auto& duration = static_cast<pb::Duration&>(message);
      constexpr int64_t kMax = 315'576'000'000;
      const int sign = random_.OneIn(2) ? -1 : 1;
      duration.set_seconds(
          sign * static_cast<int64_t>(random_.OneIn(3) ? 0 : random_.Bits() % (kMax + 1)));
      duration.set_nanos(sign * Nanos());
      return true;
    }
    if (name == "google.protobuf.FieldMask") {
      auto& mask = static_cast<pb::FieldMask&>(message);
      for (size_t count = random_.Below(4); count > 0; --count) mask.add_paths(FieldPath());
      return true;
    }
    if (name == "google.protobuf.Any") {
      FillAny(static_cast<pb::Any&>(message));
      return true;
    }
    if (name == "google.protobuf.Value") {
      FillValue(static_cast<pb::Value&>(message), depth);
      return true;
    }
    return false;
  }

  // What protobuf makes of its own JSON: it has more than one encoding for the same.
  void FillAny(pb::Any& any) {
    if (random_.OneIn(4)) return;
    pb::Any packed;
    switch (random_.Below(3)) {
      case 0: {
        pb::Duration duration;
        Fill(duration, 0);
        packed.PackFrom(duration);
        break;
      }
      case 1: {
        pb::StringValue text;
        text.set_value(Text());
        packed.PackFrom(text);
        break;
      }
      default: {
        Named named;
        Fill(named, 0);
        packed.PackFrom(named);
      }
    }
    std::string json;
    (void)pb::util::MessageToJsonString(packed, &json);
    (void)pb::util::JsonStringToMessage(json, &any);
  }

  void FillValue(pb::Value& value, int depth) {
    switch (random_.Below(depth >= kMaxDepth ? 4 : 6)) {
      case 0:
        return value.set_null_value(pb::NULL_VALUE);
      case 1: {  // a string is what its writer makes of others than finite numbers
        const double number = Floating<double, uint64_t>();
        return value.set_number_value(std::isfinite(number) ? number : 0.5);
      }
      case 2:
        return value.set_string_value(Text());
      case 3:
        return value.set_bool_value(random_.OneIn(2));
      case 4:
        return Fill(*value.mutable_struct_value(), depth + 1);
      default:
        return Fill(*value.mutable_list_value(), depth + 1);
    }
  }

  int EnumNumber(const pb::FieldDescriptor& field) {
    const pb::EnumDescriptor& type = *field.enum_type();
    const bool open = field.file()->syntax() == pb::FileDescriptor::SYNTAX_PROTO3;
    if (open && type.full_name() != "google.protobuf.NullValue" && random_.OneIn(4)) {
      return static_cast<int>(Integer());
    }
    return type.value(static_cast<int>(random_.Below(type.value_count())))->number();
  }

  int32_t Nanos() {
    constexpr int32_t kUnits[] = {1, 1'000, 1'000'000, 1'000'000'000};
    const int32_t unit = kUnits[random_.Below(4)];
    return static_cast<int32_t>(random_.Below(1'000'000'000) / unit * unit);
  }

  std::string FieldPath() {
    std::string path;
    for (size_t parts = 1 + random_.Below(3); parts > 0; --parts) {
      if (!path.empty()) path += '.';
      for (size_t words = 1 + random_.Below(3); words > 0; --words) {
        // protobuf 3.21 forgets where a word of one letter began.
        for (size_t letters = 2 + random_.Below(4); letters > 0; --letters) {
          path += static_cast<char>('a' + random_.Below(26));
        }
        if (words > 1) path += '_';
      }
    }
    return path;
  }

  // All lengths, and what lies at the edges.
  uint64_t Integer() {
    if (random_.OneIn(4)) {
      constexpr uint64_t kEdges[] = {0,
                                     1,
                                     UINT64_MAX,
                                     INT64_MAX,
                                     uint64_t{1} << 63,
                                     INT32_MAX,
                                     uint64_t{1} << 31,
                                     UINT32_MAX,
                                     (uint64_t{1} << 53) + 1};
      return kEdges[random_.Below(std::size(kEdges))];
    }
    return random_.Bits() >> random_.Below(64);
  }

  template <typename T, typename Bits>
  T Floating() {
    using Limits = std::numeric_limits<T>;
    T value = 0;
    switch (random_.Below(6)) {
      case 0: {
        const T kEdges[] = {0,
                            1,
                            Limits::max(),
                            Limits::lowest(),
                            Limits::min(),
                            Limits::denorm_min(),
                            Limits::infinity(),
                            -Limits::infinity(),
                            Limits::quiet_NaN(),
                            T(1e15),
                            T(1e16),
                            T(1e17),
                            T(0.1),
                            T(16777217)};
        value = kEdges[random_.Below(std::size(kEdges))];
        break;
      }
      case 1:
        value = static_cast<T>(static_cast<int64_t>(Integer()));
        break;
      case 2:  // a decimal, as people write them
        value = static_cast<T>(static_cast<double>(random_.Bits() >> (11 + random_.Below(50))) /
                               std::pow(10.0, static_cast<double>(random_.Below(12))));
        break;
      default: {
        const auto bits = static_cast<Bits>(random_.Bits());
        std::memcpy(&value, &bits, sizeof value);
        if (std::isnan(value)) value = Limits::quiet_NaN();
      }
    }
    return value == 0 ? 0 : value;
  }

  std::string Text() {
    std::string text;
    for (size_t i = random_.OneIn(16) ? random_.Below(80) : random_.Below(8); i > 0; --i) {
      constexpr char32_t kEdges[] = {0,      '\n',   '"',    '\\',    '<',     '>',      0x7f,
                                     0x80,   0x9f,   0xad,   0x7ff,   0x800,   0x2028,   0xd7ff,
                                     0xe000, 0xfeff, 0xffff, 0x10000, 0x1d173, 0x10ffff, '/'};
      char32_t c;
      switch (random_.Below(8)) {
        case 0:
          c = kEdges[random_.Below(std::size(kEdges))];
          break;
        case 1:
          c = static_cast<char32_t>(random_.Below(0x3000));
          break;
        case 2:
          c = static_cast<char32_t>(random_.Below(0x110000));
          if (c >= 0xd800 && c < 0xe000) c = 0xfffd;
          break;
        default:
          c = static_cast<char32_t>(' ' + random_.Below(95));
      }
      AppendUtf8(c, text);
    }
    return text;
  }

  std::string Bytes() {
    std::string bytes(random_.Below(12), '\0');
    for (char& c : bytes) c = static_cast<char>(random_.Bits());
    return bytes;
  }

  Random& random_;
};

}  // namespace

void FillRandomly(Random& random, pb::Message& message) { Filler(random).Fill(message, 0); }

}  // namespace runnel::conformance
