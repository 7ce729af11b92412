// MessageOrder brings the POSTs of a package:sse client into the order in which it sent them. They
// come on several connections, so a later one may be there first, or one twice.

#ifndef RUNNEL_RUNTIME_SSE_MESSAGE_ORDER_H_
#define RUNNEL_RUNTIME_SSE_MESSAGE_ORDER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace runnel {

// A message, or what is wrong with it: it takes its place in the order all the same.
using NumberedText = absl::StatusOr<std::string>;

// A value. Outlives the connections of its client, whose numbers go on.
class MessageOrder {
 public:
  // Whether the message of this number was added before.
  bool IsKnown(uint64_t number) const { return number < next_ || early_.contains(number); }
  // Adds it; one that is known is dropped.
  void Add(uint64_t number, NumberedText text);
  // The next one in order, if it is there.
  std::optional<NumberedText> TakeNext();

  // The number of the one that comes next.
  uint64_t next() const { return next_; }
  // How many there are that TakeNext does not give out, and their bytes.
  size_t early() const { return early_.size(); }
  size_t early_bytes() const { return early_bytes_; }

 private:
  uint64_t next_ = 0;
  std::map<uint64_t, NumberedText> early_;
  size_t early_bytes_ = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SSE_MESSAGE_ORDER_H_
