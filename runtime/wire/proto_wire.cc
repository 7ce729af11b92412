#include "runtime/wire/proto_wire.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

constexpr size_t kShort = 5, kLong = 10;

}  // namespace

void ProtoFields::Fail(absl::Status status) {
  if (status_.ok()) status_ = std::move(status);
}

bool ProtoFields::ReadVarint(std::string_view& bytes, size_t max_bytes, uint64_t& value) {
  value = 0;
  for (size_t i = 0; i < max_bytes && i < bytes.size(); ++i) {
    const uint64_t byte = static_cast<unsigned char>(bytes[i]);
    if (i == 9 && byte > 1) break;
    value |= (byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      bytes.remove_prefix(i + 1);
      return true;
    }
  }
  Fail(absl::InvalidArgumentError(
      "a binary message is cut short, or has a number of too many bytes"));
  return false;
}

bool ProtoFields::Next() {
  if (!status_.ok() || bytes_.empty()) return false;
  uint64_t tag = 0;
  if (!ReadVarint(bytes_, kShort, tag)) return false;
  number_ = static_cast<uint32_t>(tag >> 3);
  wire_type_ = tag & 7;
  if (tag > UINT32_MAX || number_ == 0) {
    Fail(absl::InvalidArgumentError("a binary message has a field with an impossible number"));
    return false;
  }
  size_t length = 0;
  switch (wire_type_) {
    case 0:
      return ReadVarint(bytes_, kLong, varint_);
    case 1:
      length = 8;
      break;
    case 2: {
      uint64_t stated = 0;
      if (!ReadVarint(bytes_, kShort, stated)) return false;
      length = stated > bytes_.size() ? bytes_.size() + 1 : static_cast<size_t>(stated);
      break;
    }
    case 5:
      length = 4;
      break;
    default:
      Fail(absl::InvalidArgumentError(
          absl::StrCat("field ", number_, " of a binary message is of a kind that is not used")));
      return false;
  }
  if (length > bytes_.size()) {
    Fail(absl::InvalidArgumentError(
        absl::StrCat("a binary message is cut short in field ", number_)));
    return false;
  }
  view_ = bytes_.substr(0, length);
  bytes_.remove_prefix(length);
  return true;
}

uint64_t ProtoFields::Uint64() {
  if (wire_type_ == 0) return varint_;
  Fail(absl::InvalidArgumentError(absl::StrCat("field ", number_, " is not a number")));
  return 0;
}

std::string_view ProtoFields::Bytes() {
  if (wire_type_ == 2) return view_;
  Fail(absl::InvalidArgumentError(absl::StrCat("field ", number_, " has no length")));
  return std::string_view();
}

std::string_view ProtoFields::String() {
  const std::string_view text = Bytes();
  if (IsValidUtf8(text)) return text;
  Fail(absl::InvalidArgumentError(absl::StrCat("field ", number_, " is not valid UTF-8")));
  return std::string_view();
}

void ProtoFields::AppendTo(std::vector<uint32_t>& values) {
  if (wire_type_ != 2) {
    values.push_back(static_cast<uint32_t>(Uint64()));
    return;
  }
  std::string_view packed = view_;
  uint64_t value;
  while (!packed.empty() && ReadVarint(packed, kLong, value)) {
    values.push_back(static_cast<uint32_t>(value));
  }
}

}  // namespace runnel
