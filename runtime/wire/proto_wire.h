// The binary form of protobuf, by hand: what frames are written and read with, without the
// detour over generated classes (protobuf.dev, "Encoding").

#ifndef RUNNEL_RUNTIME_WIRE_PROTO_WIRE_H_
#define RUNNEL_RUNTIME_WIRE_PROTO_WIRE_H_

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "runtime/core/utf8.h"

namespace runnel {

// Where fields go: into a string, or only into a count of bytes, which is how the length of a
// nested message is known before it is written. Fields with their default value are left out.
class ProtoCounter {
 public:
  size_t size() const { return size_; }
  void Varint(uint64_t value) { size_ += (std::bit_width(value | 1) + 6) / 7; }
  void Raw(std::string_view bytes) { size_ += bytes.size(); }

 private:
  size_t size_ = 0;
};

class ProtoAppender {
 public:
  explicit ProtoAppender(std::string& out) : out_(out) {}
  void Varint(uint64_t value) {
    char bytes[10];
    size_t size = 0;
    while (value >= 0x80) {
      bytes[size++] = static_cast<char>(value | 0x80);
      value >>= 7;
    }
    bytes[size++] = static_cast<char>(value);
    out_.append(bytes, size);
  }
  void Raw(std::string_view bytes) { out_.append(bytes); }

 private:
  std::string& out_;
};

template <typename Sink>
void PutUint64(Sink& sink, uint32_t field, uint64_t value) {
  if (value == 0) return;
  sink.Varint(field << 3);
  sink.Varint(value);
}

template <typename Sink>
void PutBytes(Sink& sink, uint32_t field, std::string_view bytes) {
  if (bytes.empty()) return;
  sink.Varint(field << 3 | 2);
  sink.Varint(bytes.size());
  sink.Raw(bytes);
}

// A string, in which what is not UTF-8 becomes U+FFFD: a generated reader would refuse the whole
// message because of it.
template <typename Sink>
void PutString(Sink& sink, uint32_t field, std::string_view text) {
  if (IsValidUtf8(text)) return PutBytes(sink, field, text);
  std::string repaired;
  AppendRepairedUtf8(text, repaired);
  PutBytes(sink, field, repaired);
}

// A nested message, present even if it is empty. `put` writes its fields into the sink it is given.
template <typename Sink, typename Put>
void PutMessage(Sink& sink, uint32_t field, const Put& put) {
  ProtoCounter counter;
  put(counter);
  sink.Varint(field << 3 | 2);
  sink.Varint(counter.size());
  put(sink);
}

// Reads the fields of one message. The first error stays; after it there are no more fields.
//
//   ProtoFields fields(bytes);
//   while (fields.Next()) {
//     if (fields.number() == 1) call = fields.Uint64();
//   }
//   RUNNEL_RETURN_IF_ERROR(fields.status());
class ProtoFields {
 public:
  // `bytes` outlives the reader.
  explicit ProtoFields(std::string_view bytes)
      : next_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  // Goes to the next field, if there is one.
  bool Next() {
    if (next_ == end_) return false;
    uint64_t tag = 0;
    if (!ReadVarint(kShort, tag)) return false;
    number_ = static_cast<uint32_t>(tag >> 3);
    wire_type_ = tag & 7;
    if (tag > UINT32_MAX || number_ == 0) return FailNumber();
    if (wire_type_ == kVarint) return ReadVarint(kLong, varint_);
    uint64_t length = 0;
    if (wire_type_ != kLength) return ReadOther();
    if (!ReadVarint(kShort, length)) return false;
    return TakeBytes(length);
  }
  uint32_t number() const { return number_; }
  // The field's value; an error when it is of another kind.
  uint64_t Uint64() { return wire_type_ == kVarint ? varint_ : (FailKind("is not a number"), 0); }
  std::string_view Bytes() {
    return wire_type_ == kLength ? view_ : (FailKind("has no length"), std::string_view());
  }
  // Bytes that have to be UTF-8.
  std::string_view String();
  // Appends the value, or the values of a packed field.
  void AppendTo(std::vector<uint32_t>& values);

  void Fail(absl::Status status);
  const absl::Status& status() const { return status_; }

 private:
  // Tags and lengths have at most 5 bytes, numbers 10.
  static constexpr size_t kShort = 5, kLong = 10;
  static constexpr uint32_t kVarint = 0, kLength = 2;

  // Most have one byte or two.
  bool ReadVarint(size_t max_bytes, uint64_t& value) {
    const size_t left = static_cast<size_t>(end_ - next_);
    if (left > 0 && Byte(0) < 0x80) {
      value = Byte(0);
      next_ += 1;
      return true;
    }
    if (left > 1 && Byte(1) < 0x80) {
      value = (Byte(0) & 0x7F) | Byte(1) << 7;
      next_ += 2;
      return true;
    }
    return ReadLongVarint(max_bytes, value);
  }
  uint64_t Byte(size_t i) const { return static_cast<unsigned char>(next_[i]); }
  bool TakeBytes(uint64_t length) {
    if (length > static_cast<size_t>(end_ - next_)) return FailCut();
    view_ = std::string_view(next_, length);
    next_ += length;
    return true;
  }

  bool ReadLongVarint(size_t max_bytes, uint64_t& value);
  // A field of a kind that is not written here.
  bool ReadOther();
  bool FailNumber();
  bool FailCut();
  void FailKind(std::string_view what);

  const char* next_;
  const char* end_;
  uint32_t number_ = 0;
  uint32_t wire_type_ = 0;
  uint64_t varint_ = 0;
  std::string_view view_;
  absl::Status status_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_WIRE_PROTO_WIRE_H_
