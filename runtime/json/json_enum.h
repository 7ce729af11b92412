// JsonEnum is what the JSON of a message knows of an enum: its names. Generated code has one for
// each enum, without a constructor that would have to run.

#ifndef RUNNEL_RUNTIME_JSON_JSON_ENUM_H_
#define RUNNEL_RUNTIME_JSON_JSON_ENUM_H_

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

namespace runnel {

struct JsonEnumName {
  std::string_view name;
  int number;
};

// Shorter names first, and those of one length as their bytes are.
constexpr bool ShorterOrLess(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

class JsonEnum {
 public:
  // `by_number` has one name for each number, in the order of numbers; `by_name` all names, in
  // the order of ShorterOrLess.
  constexpr JsonEnum(std::span<const JsonEnumName> by_number, std::span<const JsonEnumName> by_name)
      : by_number_(by_number), by_name_(by_name) {}

  // Empty when no name belongs to the number.
  constexpr std::string_view Name(int number) const {
    // Most enums count from 0.
    if (number >= 0 && static_cast<size_t>(number) < by_number_.size() &&
        by_number_[static_cast<size_t>(number)].number == number) {
      return by_number_[static_cast<size_t>(number)].name;
    }
    const auto found = std::lower_bound(
        by_number_.begin(), by_number_.end(), number,
        [](const JsonEnumName& entry, int wanted) { return entry.number < wanted; });
    if (found == by_number_.end() || found->number != number) return std::string_view();
    return found->name;
  }

  // nullptr when there is no such name.
  constexpr const int* Number(std::string_view name) const {
    const auto found = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                        [](const JsonEnumName& entry, std::string_view wanted) {
                                          return ShorterOrLess(entry.name, wanted);
                                        });
    return found == by_name_.end() || found->name != name ? nullptr : &found->number;
  }

 private:
  std::span<const JsonEnumName> by_number_;
  std::span<const JsonEnumName> by_name_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_JSON_JSON_ENUM_H_
