#include "runtime/core/message_json.h"

#include <atomic>
#include <typeinfo>

#include "absl/container/flat_hash_map.h"

namespace runnel {
namespace {

// Set before any constructor runs, so that those of other files can push to it.
constinit std::atomic<const MessageJsonRegistration*> newest{nullptr};

// The types known when the list began with `newest`, by their classes: a descriptor, one may share
// with a DynamicMessage.
struct Table {
  const MessageJsonRegistration* newest;
  absl::flat_hash_map<const std::type_info*, const MessageJson*> types;
  const Table* before = nullptr;  // keeps what it replaced in sight of leak checkers
};

constinit std::atomic<const Table*> current{nullptr};

// A table stays for good: somebody may be reading it. There is more than one only when a library
// is loaded while the program runs, or when two threads make the first at the same time.
const Table* BuildTable(const MessageJsonRegistration* first) {
  auto* table = new Table{first, {}, nullptr};
  for (const auto* entry = first; entry != nullptr; entry = entry->next()) {
    const google::protobuf::Message& prototype = entry->prototype();
    table->types.emplace(&typeid(prototype), &entry->functions());
  }
  table->before = current.exchange(table, std::memory_order_acq_rel);
  return table;
}

}  // namespace

MessageJsonRegistration::MessageJsonRegistration(Prototype prototype, MessageJson functions)
    : prototype_(prototype), functions_(functions) {
  next_ = newest.load(std::memory_order_relaxed);
  while (!newest.compare_exchange_weak(next_, this, std::memory_order_release)) {
  }
}

const MessageJson* FindMessageJson(const google::protobuf::Message& message) {
  const MessageJsonRegistration* const first = newest.load(std::memory_order_acquire);
  const Table* table = current.load(std::memory_order_acquire);
  if (table == nullptr || table->newest != first) table = BuildTable(first);
  const auto found = table->types.find(&typeid(message));
  return found == table->types.end() ? nullptr : found->second;
}

}  // namespace runnel
