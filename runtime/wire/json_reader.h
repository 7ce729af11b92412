// JsonReader pulls values out of a JSON text (RFC 8259), in order and without building a tree.
// Strict, linear, limited in depth; a value that is not wanted is skipped, or handed out as it
// stands.

#ifndef RUNNEL_RUNTIME_WIRE_JSON_READER_H_
#define RUNNEL_RUNTIME_WIRE_JSON_READER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace runnel {

// Reads one text once. The first error stays: what is read after it is empty, zero or false, and
// Finish tells. `null` reads as empty, zero or false, as the JSON of protobuf has it.
//
//   JsonReader json(text, limits.max_json_depth);
//   json.Object([&](std::string_view key) {
//     if (key == "call") call = json.Uint64();
//     else json.Skip();
//   });
//   RUNNEL_RETURN_IF_ERROR(json.Finish());
class JsonReader {
 public:
  // `text` outlives the reader.
  JsonReader(std::string_view text, int max_depth) : text_(text), max_depth_(max_depth) {}

  // Calls `member` at the value of every member; it reads or skips that.
  void Object(absl::FunctionRef<void(std::string_view key)> member);
  // Calls `element` at every element; it reads or skips that.
  void Array(absl::FunctionRef<void()> element);

  std::string String();
  // A number without fraction and exponent, or the same in a string.
  uint64_t Uint64();
  uint32_t Uint32();
  bool Bool();
  // Base64, in a string.
  std::string Bytes();
  // The value as it stands in the text.
  std::string_view Raw();
  // The same for a value that is a document of its own, which whoever reads it checks: its depth
  // counts from there.
  std::string_view RawDocument();
  // Whether the value is null, which is read then.
  bool Null();
  void Skip() { Raw(); }

  // For texts whose form is mostly known: takes what is next if it is exactly this, white space
  // included.
  bool Take(std::string_view exactly) {
    if (!status_.ok() || !text_.substr(position_).starts_with(exactly)) return false;
    position_ += exactly.size();
    return true;
  }
  // Takes `size` bytes if this is what follows them.
  std::optional<std::string_view> TakeBefore(std::string_view exactly, uint64_t size) {
    if (!status_.ok() || size > text_.size() - position_ ||
        !text_.substr(position_ + size).starts_with(exactly)) {
      return std::nullopt;
    }
    return text_.substr(std::exchange(position_, position_ + size), size);
  }
  // Takes at most 16 digits, if there are some.
  bool TakeNumber(uint64_t& value);
  // Goes back to where `position()` was.
  size_t position() const { return position_; }
  void GoBack(size_t position) { position_ = position; }

  // What is wrong with what was read; for a value that its reader does not like.
  void Fail(std::string_view what);
  void Fail(absl::Status status);
  // The first error, or that something follows the value.
  absl::Status Finish();
  bool ok() const { return status_.ok(); }

 private:
  // The string at a quotation mark: in the text or, where it has escapes, in `storage`.
  std::string_view Text(std::string& storage);
  uint64_t Number(uint64_t max);
  bool Expect(char c, std::string_view what);
  // Behind an element: whether another follows before `close`.
  bool Another(char close, std::string_view what);
  void SkipSpace();

  const std::string_view text_;
  const int max_depth_;
  int depth_ = 0;
  size_t position_ = 0;
  absl::Status status_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_WIRE_JSON_READER_H_
