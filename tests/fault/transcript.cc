#include "tests/fault/transcript.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_details.h"

namespace fault {
namespace {

// What is wrong with a direction of a call, where something is.
std::optional<Verdict> JudgeMessages(const std::string& where, size_t planned,
                                     const std::vector<int64_t>& messages) {
  std::set<int64_t> seen;
  int64_t expected = 0;
  for (int64_t index : messages) {
    const std::string what = absl::StrCat(where, ": message ", index);
    if (index == Observation::kDamaged || index >= static_cast<int64_t>(planned)) {
      return Verdict{Class::kLost, absl::StrCat(where, ": a message that nobody sent")};
    }
    if (!seen.insert(index).second) return Verdict{Class::kDoubled, what + " came twice"};
    if (index != expected) {
      const bool later = std::find(messages.begin(), messages.end(), expected) != messages.end();
      return Verdict{later ? Class::kReordered : Class::kLost,
                     absl::StrCat(what, " came where ", expected, " was due")};
    }
    ++expected;
  }
  return std::nullopt;
}

bool SameOutcome(const absl::Status& a, const absl::Status& b) {
  return a.code() == b.code() && a.message() == b.message();
}

Verdict JudgeCall(size_t number, const CallPlan& plan, const Observation& client,
                  const Observation& server) {
  const std::string name = absl::StrCat("call ", number);
  if (!client.ended.has_value()) return {Class::kHung, name + ": the client's end never came"};
  if (server.started > 1) {
    return {Class::kDoubled, absl::StrCat(name, ": its method ran ", server.started, " times")};
  }
  if (auto bad = JudgeMessages(name + " at the server", plan.up.size(), server.messages)) {
    return *bad;
  }
  if (auto bad = JudgeMessages(name + " at the client", plan.replies(), client.messages)) {
    return *bad;
  }
  if (SameOutcome(*client.ended, OutcomeOf(plan))) {
    if (client.messages.size() != plan.replies()) {
      return {Class::kLost, absl::StrCat(name, " at the client: ", client.messages.size(), " of ",
                                         plan.replies(), " messages")};
    }
    if (server.messages.size() != plan.up.size()) {
      return {Class::kLost, absl::StrCat(name, " at the server: ", server.messages.size(), " of ",
                                         plan.up.size(), " messages")};
    }
    if (!server.ended.has_value() || !SameOutcome(*server.ended, OutcomeOf(plan))) {
      return {Class::kLost, name + ": its handler did not return what was planned"};
    }
    return {};
  }
  const bool lost = absl::IsUnavailable(*client.ended) &&
                    (runnel::ReasonOf(*client.ended) == "SESSION_LOST" || server.started == 0);
  return {lost ? Class::kSessionLost : Class::kLost,
          absl::StrCat(name, " ended with ", client.ended->ToString(), ", ", client.messages.size(),
                       " of ", plan.replies(), " messages down, ", server.messages.size(), " of ",
                       plan.up.size(), " up")};
}

// A lost session ends all its calls at once: a call that had begun before one was lost cannot be
// lost later. A client that pauses hears of it when it next looks, and reads first what had come.
std::optional<Verdict> JudgeTimes(const Traffic& traffic, const Transcript& client,
                                  const std::vector<Class>& classes) {
  for (size_t i = 0; i < classes.size(); ++i) {
    if (classes[i] != Class::kSessionLost) continue;
    for (size_t j = 0; j < classes.size(); ++j) {
      if (classes[j] != Class::kSessionLost || client[j].started_at >= client[i].ended_at) continue;
      const CallPlan& late = traffic.calls[j];
      const absl::Duration patience = late.pause_up + absl::Milliseconds(1) +
                                      static_cast<int64_t>(late.replies() + 1) * late.pause_read;
      if (client[j].ended_at > client[i].ended_at + patience) {
        return Verdict{Class::kLost,
                       absl::StrCat("call ", j, " heard of the lost session ",
                                    absl::FormatDuration(client[j].ended_at - client[i].ended_at),
                                    " after call ", i)};
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::string NameOf(Class c) {
  switch (c) {
    case Class::kIdentical:
      return "identical";
    case Class::kSessionLost:
      return "session_lost";
    case Class::kLost:
      return "lost";
    case Class::kReordered:
      return "reordered";
    case Class::kDoubled:
      return "doubled";
    case Class::kHung:
      return "hung";
  }
  return "";
}

void Observation::Take(size_t call, Direction direction, const std::vector<size_t>& sizes,
                       const v1::Item& item) {
  const size_t index = item.index();
  const bool whole = index < sizes.size() && item.payload().size() == sizes[index] &&
                     item.payload() == PayloadOf(call, direction, index, sizes[index]);
  messages.push_back(whole ? static_cast<int64_t>(index) : kDamaged);
}

Verdict Judge(const Traffic& traffic, const Transcript& client, const Transcript& server,
              bool may_lose_session) {
  Verdict worst;
  std::vector<Class> classes;
  for (size_t i = 0; i < traffic.calls.size(); ++i) {
    Verdict verdict = JudgeCall(i, traffic.calls[i], client[i], server[i]);
    classes.push_back(verdict.result);
    if (verdict.result > worst.result) worst = std::move(verdict);
  }
  if (worst.result != Class::kSessionLost) return worst;
  if (!may_lose_session) return {Class::kLost, "a session was lost without cause: " + worst.why};
  return JudgeTimes(traffic, client, classes).value_or(worst);
}

}  // namespace fault
