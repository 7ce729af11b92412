#include "runtime/sse/message_order.h"

#include <utility>

namespace runnel {
namespace {

size_t SizeOf(const NumberedText& text) { return text.ok() ? text->size() : 0; }

}  // namespace

void MessageOrder::Add(uint64_t number, NumberedText text) {
  if (IsKnown(number)) return;
  early_bytes_ += SizeOf(text);
  early_.emplace(number, std::move(text));
}

std::optional<NumberedText> MessageOrder::TakeNext() {
  const auto first = early_.find(next_);
  if (first == early_.end()) return std::nullopt;
  NumberedText text = std::move(first->second);
  early_.erase(first);
  early_bytes_ -= SizeOf(text);
  ++next_;
  return text;
}

}  // namespace runnel
