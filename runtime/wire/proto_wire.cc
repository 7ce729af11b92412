#include "runtime/wire/proto_wire.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"

namespace runnel {

void ProtoFields::Fail(absl::Status status) {
  if (status_.ok()) status_ = std::move(status);
  if (!status_.ok()) next_ = end_;
}

void ProtoFields::FailKind(std::string_view what) {
  Fail(absl::InvalidArgumentError(absl::StrCat("field ", number_, " ", AbslView(what))));
}

bool ProtoFields::FailNumber() {
  Fail(absl::InvalidArgumentError("a binary message has a field with an impossible number"));
  return false;
}

bool ProtoFields::FailCut() {
  Fail(
      absl::InvalidArgumentError(absl::StrCat("a binary message is cut short in field ", number_)));
  return false;
}

bool ProtoFields::ReadLongVarint(size_t max_bytes, uint64_t& value) {
  value = 0;
  const size_t left = static_cast<size_t>(end_ - next_);
  for (size_t i = 0; i < max_bytes && i < left; ++i) {
    const uint64_t byte = Byte(i);
    if (i == 9 && byte > 1) break;
    value |= (byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      next_ += i + 1;
      return true;
    }
  }
  Fail(absl::InvalidArgumentError(
      "a binary message is cut short, or has a number of too many bytes"));
  return false;
}

bool ProtoFields::ReadOther() {
  if (wire_type_ == 1) return TakeBytes(8);
  if (wire_type_ == 5) return TakeBytes(4);
  Fail(absl::InvalidArgumentError(
      absl::StrCat("field ", number_, " of a binary message is of a kind that is not used")));
  return false;
}

std::string_view ProtoFields::String() {
  const std::string_view text = Bytes();
  if (IsValidUtf8(text)) return text;
  FailKind("is not valid UTF-8");
  return std::string_view();
}

void ProtoFields::AppendTo(std::vector<uint32_t>& values) {
  if (wire_type_ != kLength) {
    values.push_back(static_cast<uint32_t>(Uint64()));
    return;
  }
  ProtoFields packed(view_);
  while (packed.next_ != packed.end_ && packed.ReadVarint(kLong, varint_)) {
    values.push_back(static_cast<uint32_t>(varint_));
  }
  Fail(packed.status_);
}

}  // namespace runnel
