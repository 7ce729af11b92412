// EntryId is the id of an entry of a feed's stream: of a message, or with number 0 of an epoch's
// beginning (redis_scripts.h).

#ifndef RUNNEL_RUNTIME_REDIS_TOPIC_ENTRY_ID_H_
#define RUNNEL_RUNTIME_REDIS_TOPIC_ENTRY_ID_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"

namespace runnel {

struct EntryId {
  uint64_t epoch = 0;
  uint64_t number = 0;

  static std::optional<EntryId> Parse(std::string_view text) {
    const size_t dash = text.find('-');
    EntryId id;
    if (dash == text.npos || !absl::SimpleAtoi(AbslView(text.substr(0, dash)), &id.epoch) ||
        !absl::SimpleAtoi(AbslView(text.substr(dash + 1)), &id.number)) {
      return std::nullopt;
    }
    return id;
  }
  std::string Text() const { return absl::StrCat(epoch, "-", number); }
  bool operator<=(const EntryId& other) const {
    return epoch != other.epoch ? epoch < other.epoch : number <= other.number;
  }
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_REDIS_TOPIC_ENTRY_ID_H_
