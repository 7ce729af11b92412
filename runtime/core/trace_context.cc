#include "runtime/core/trace_context.h"

#include <algorithm>
#include <random>
#include <vector>

namespace runnel {
namespace {

constexpr std::string_view kParentKey = "traceparent";
constexpr std::string_view kStateKey = "tracestate";

// "00-<32 digits>-<16 digits>-<2 digits>"
constexpr size_t kParentSize = 55;
constexpr size_t kMaxStateMembers = 32;

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// Ids of zeros mean none.
bool IsId(std::string_view text) { return IsHex(text) && text.find_first_not_of('0') != text.npos; }

// No secret: a fast generator is good enough, seeded anew for each thread.
std::string RandomId(size_t digits) {
  thread_local std::mt19937_64 random{[] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }()};
  constexpr char kDigits[] = "0123456789abcdef";
  std::string id;
  while (!IsId(id)) {
    id.clear();
    while (id.size() < digits) {
      uint64_t bits = random();
      for (int i = 0; i < 16 && id.size() < digits; ++i, bits >>= 4) id += kDigits[bits & 15];
    }
  }
  return id;
}

std::optional<TraceContext> ParseParent(std::string_view text) {
  if (text.size() < kParentSize || text[2] != '-' || text[35] != '-' || text[52] != '-') {
    return std::nullopt;
  }
  const std::string_view version = text.substr(0, 2);
  const std::string_view flags = text.substr(53, 2);
  if (!IsHex(version) || version == "ff" || !IsHex(flags)) return std::nullopt;
  // Later versions may say more, behind a dash.
  if (text.size() > kParentSize && (version == "00" || text[kParentSize] != '-')) {
    return std::nullopt;
  }
  TraceContext context;
  context.trace_id = std::string(text.substr(3, 32));
  context.span_id = std::string(text.substr(36, 16));
  if (!IsId(context.trace_id) || !IsId(context.span_id)) return std::nullopt;
  const char last = flags[1];
  context.sampled = ((last <= '9' ? last - '0' : last - 'a' + 10) & 1) != 0;
  return context;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool IsStateKey(std::string_view key) {
  const size_t at = key.find('@');
  const auto part = [](std::string_view name, size_t most, bool digit_first) {
    if (name.empty() || name.size() > most) return false;
    const bool digit = name[0] >= '0' && name[0] <= '9';
    if (!(name[0] >= 'a' && name[0] <= 'z') && !(digit && digit_first)) return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '*' ||
             c == '/';
    });
  };
  if (at == key.npos) return part(key, 256, true);
  return part(key.substr(0, at), 241, true) && part(key.substr(at + 1), 14, false);
}

bool IsStateValue(std::string_view value) {
  return !value.empty() && value.size() <= 256 &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; });
}

bool IsState(std::string_view state) {
  std::vector<std::string_view> keys;
  while (true) {
    const size_t comma = state.find(',');
    const std::string_view member = Trimmed(state.substr(0, comma));
    if (!member.empty()) {
      const size_t equals = member.find('=');
      if (equals == member.npos) return false;
      const std::string_view key = member.substr(0, equals);
      if (!IsStateKey(key) || !IsStateValue(member.substr(equals + 1))) return false;
      if (std::find(keys.begin(), keys.end(), key) != keys.end()) return false;
      keys.push_back(key);
      if (keys.size() > kMaxStateMembers) return false;
    }
    if (comma == state.npos) return true;
    state.remove_prefix(comma + 1);
  }
}

}  // namespace

TraceContext TraceContext::Begin() {
  TraceContext context;
  context.trace_id = RandomId(32);
  context.span_id = RandomId(16);
  return context;
}

TraceContext TraceContext::Child() const {
  TraceContext child = *this;
  child.parent_id = span_id;
  child.span_id = RandomId(16);
  return child;
}

std::optional<TraceContext> TraceContext::FromMetadata(const Metadata& metadata) {
  const std::vector<std::string_view> parents = metadata.GetAll(kParentKey);
  if (parents.size() != 1) return std::nullopt;
  std::optional<TraceContext> context = ParseParent(Trimmed(parents[0]));
  if (!context) return std::nullopt;
  std::string state;
  for (std::string_view part : metadata.GetAll(kStateKey)) {
    if (!state.empty()) state += ',';
    state += Trimmed(part);
  }
  if (IsState(state)) context->state = std::move(state);
  return context;
}

std::string TraceContext::traceparent() const {
  std::string text = "00-";
  text.reserve(kParentSize);
  text += trace_id;
  text += '-';
  text += span_id;
  text += sampled ? "-01" : "-00";
  return text;
}

void TraceContext::AddTo(Metadata& metadata) const {
  metadata.Set(kParentKey, traceparent());
  metadata.Remove(kStateKey);
  if (!state.empty()) metadata.Add(kStateKey, state);
}

}  // namespace runnel
