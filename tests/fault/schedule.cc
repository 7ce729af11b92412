#include "tests/fault/schedule.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"

namespace fault {
namespace {

using absl::Milliseconds;
using absl::Seconds;

// What a kind of fault is called, and which arguments it has.
struct Entry {
  FaultKind kind;
  const char* name;
  bool exchange, bytes, at, lasting;
};

constexpr Entry kEntries[] = {
    {FaultKind::kCutRequest, "cut-request", true, true, false, false},
    {FaultKind::kCutReply, "cut-reply", true, true, false, false},
    {FaultKind::kCutAll, "cut-all", false, false, true, false},
    {FaultKind::kDouble, "double", true, false, false, true},
    {FaultKind::kLate, "late", true, false, false, true},
    {FaultKind::kHold, "hold", true, false, false, true},
    {FaultKind::kDelay, "delay", true, false, false, true},
    {FaultKind::kLatency, "latency", false, false, false, true},
    {FaultKind::kBuffer, "buffer", false, false, false, false},
    {FaultKind::kCutter, "cutter", false, false, false, true},
    {FaultKind::kLimit, "limit", false, true, false, false},
    {FaultKind::kGateway, "gateway", true, false, false, false},
    {FaultKind::kGatewayAfter, "gateway-after", true, false, false, false},
    {FaultKind::kGatewayWhile, "gateway-while", false, false, true, true},
    {FaultKind::kSilenceRequest, "silence-request", true, false, false, false},
    {FaultKind::kSilenceReply, "silence-reply", true, true, false, false},
    {FaultKind::kSilence, "silence", false, false, true, true},
    {FaultKind::kRefuse, "refuse", false, false, true, true},
    {FaultKind::kKill, "kill", false, false, true, true},
};

const Entry& EntryOf(FaultKind kind) {
  return *std::find_if(std::begin(kEntries), std::end(kEntries),
                       [kind](const Entry& entry) { return entry.kind == kind; });
}

absl::StatusOr<Fault> ParseFault(absl::string_view text) {
  const std::vector<std::string> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
  const auto* entry = std::find_if(std::begin(kEntries), std::end(kEntries), [&](const Entry& one) {
    return !words.empty() && words[0] == one.name;
  });
  if (entry == std::end(kEntries)) {
    return absl::InvalidArgumentError(absl::StrCat("there is no fault \"", text, "\""));
  }
  Fault fault;
  fault.kind = entry->kind;
  for (size_t i = 1; i < words.size(); ++i) {
    const std::pair<std::string, std::string> argument =
        absl::StrSplit(words[i], absl::MaxSplits('=', 1));
    const auto& [name, value] = argument;
    const bool good =
        (name == "n" && entry->exchange && absl::SimpleAtoi(value, &fault.exchange)) ||
        (name == "bytes" && entry->bytes && absl::SimpleAtoi(value, &fault.bytes)) ||
        (name == "at" && entry->at && absl::ParseDuration(value, &fault.at)) ||
        (name == "for" && entry->lasting && absl::ParseDuration(value, &fault.lasting));
    if (!good) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", words[i], "\" is no argument of the fault ", entry->name));
    }
  }
  return fault;
}

// What a session survives at the most, and what it does not survive for sure: its resume window is
// two minutes.
constexpr absl::Duration kLongestRepaired = Seconds(100);

Fault OnExchange(FaultKind kind, uint64_t exchange) {
  Fault fault;
  fault.kind = kind;
  fault.exchange = exchange;
  return fault;
}

Fault AtTime(FaultKind kind, absl::Duration at, absl::Duration lasting) {
  Fault fault;
  fault.kind = kind;
  fault.at = at;
  fault.lasting = lasting;
  return fault;
}

// Any but the first, which is Open. Mostly early, while most calls run.
uint64_t DrawExchange(Dice& dice) {
  return dice.Percent(60) ? dice.Between(2, 6) : dice.Between(2, 40);
}

absl::Duration DrawTime(Dice& dice) {
  return dice.Percent(70) ? dice.MillisecondsBetween(500, 4'000)
                          : dice.MillisecondsBetween(500, 40'000);
}

uint64_t DrawBytes(Dice& dice) {
  if (dice.Percent(25)) return 0;
  return dice.Percent(60) ? dice.Between(1, 600) : dice.Between(1, 60'000);
}

absl::Duration DrawDelay(Dice& dice) {
  return dice.Percent(50) ? dice.MillisecondsBetween(0, 100) : dice.MillisecondsBetween(100, 3'000);
}

// The groups of faults, each with how its faults are drawn.
struct Group {
  const char* name;
  Fault (*draw)(Dice& dice);
};

const Group kGroups[] = {
    {"cut",
     [](Dice& dice) {
       if (dice.Percent(20)) return AtTime(FaultKind::kCutAll, DrawTime(dice), {});
       Fault fault = dice.Percent(35) ? OnExchange(FaultKind::kCutRequest, DrawExchange(dice))
                                      : OnExchange(FaultKind::kCutReply, DrawExchange(dice));
       fault.bytes = DrawBytes(dice);
       return fault;
     }},
    {"drop", [](Dice& dice) { return OnExchange(FaultKind::kCutReply, DrawExchange(dice)); }},
    {"double",
     [](Dice& dice) {
       Fault fault = OnExchange(FaultKind::kDouble, DrawExchange(dice));
       fault.lasting = DrawDelay(dice);
       return fault;
     }},
    {"late",
     [](Dice& dice) {
       Fault fault =
           OnExchange(dice.Percent(50) ? FaultKind::kLate : FaultKind::kHold, DrawExchange(dice));
       fault.lasting = DrawDelay(dice);
       return fault;
     }},
    {"delay",
     [](Dice& dice) {
       Fault fault = dice.Percent(50) ? OnExchange(FaultKind::kDelay, DrawExchange(dice))
                                      : AtTime(FaultKind::kLatency, {}, {});
       fault.lasting = dice.MillisecondsBetween(1, 150);
       return fault;
     }},
    {"buffer", [](Dice&) { return AtTime(FaultKind::kBuffer, {}, {}); }},
    {"cutter", [](Dice&) { return AtTime(FaultKind::kCutter, {}, Seconds(15)); }},
    {"limit", [](Dice&) { return AtTime(FaultKind::kLimit, {}, {}); }},
    {"gateway",
     [](Dice& dice) {
       if (dice.Percent(30)) {
         return AtTime(FaultKind::kGatewayWhile, DrawTime(dice),
                       dice.MillisecondsBetween(1, 20'000));
       }
       return dice.Percent(50) ? OnExchange(FaultKind::kGateway, DrawExchange(dice))
                               : OnExchange(FaultKind::kGatewayAfter, DrawExchange(dice));
     }},
    {"silence",
     [](Dice& dice) {
       if (dice.Percent(30)) {
         return AtTime(FaultKind::kSilence, DrawTime(dice), dice.MillisecondsBetween(1, 30'000));
       }
       if (dice.Percent(40)) return OnExchange(FaultKind::kSilenceRequest, DrawExchange(dice));
       Fault fault = OnExchange(FaultKind::kSilenceReply, DrawExchange(dice));
       fault.bytes = DrawBytes(dice);
       return fault;
     }},
    {"refuse",
     [](Dice& dice) {
       return AtTime(FaultKind::kRefuse, DrawTime(dice), dice.MillisecondsBetween(1, 60'000));
     }},
    // Open has arrived, and its answer is late or lost.
    {"answer",
     [](Dice& dice) {
       Fault fault = OnExchange(FaultKind::kCutReply, 1);
       switch (dice.Between(0, 4)) {
         case 0:
           fault.bytes = DrawBytes(dice);
           break;
         case 1:
           fault = OnExchange(FaultKind::kDouble, 1);
           fault.lasting = DrawDelay(dice);
           break;
         case 2:
           fault = OnExchange(FaultKind::kGatewayAfter, 1);
           break;
         case 3:
           fault = OnExchange(FaultKind::kSilenceReply, 1);
           fault.bytes = DrawBytes(dice);
           break;
         default:
           break;  // cut before the first byte
       }
       return fault;
     }},
    // Open itself does not arrive, or comes late.
    {"open",
     [](Dice& dice) {
       Fault fault = OnExchange(FaultKind::kCutRequest, 1);
       switch (dice.Between(0, 4)) {
         case 0:
           fault.bytes = DrawBytes(dice);
           break;
         case 1:
           fault = OnExchange(FaultKind::kLate, 1);
           fault.lasting = DrawDelay(dice);
           break;
         case 2:
           fault = OnExchange(FaultKind::kGateway, 1);
           break;
         case 3:
           fault = OnExchange(FaultKind::kSilenceRequest, 1);
           break;
         default:
           fault = AtTime(FaultKind::kRefuse, {}, dice.MillisecondsBetween(1, 20'000));
       }
       return fault;
     }},
    // The rare ones: each ends the session, or may.
    {"kill",
     [](Dice& dice) {
       return AtTime(FaultKind::kKill, DrawTime(dice), dice.MillisecondsBetween(0, 20'000));
     }},
    {"outage",
     [](Dice& dice) {
       return AtTime(FaultKind::kRefuse, DrawTime(dice),
                     dice.MillisecondsBetween(140'000, 400'000));
     }},
};

constexpr size_t kRareGroups = 2;  // the last

}  // namespace

std::string Fault::ToString() const {
  const Entry& entry = EntryOf(kind);
  std::string text = entry.name;
  if (entry.exchange) absl::StrAppend(&text, " n=", exchange);
  if (entry.bytes) absl::StrAppend(&text, " bytes=", bytes);
  if (entry.at) absl::StrAppend(&text, " at=", absl::FormatDuration(at));
  if (entry.lasting) absl::StrAppend(&text, " for=", absl::FormatDuration(lasting));
  return text;
}

std::vector<std::string> Schedule::Groups() {
  std::vector<std::string> names;
  for (const Group& group : kGroups) names.push_back(group.name);
  return names;
}

Schedule Schedule::Draw(Dice& dice, const std::vector<std::string>& groups,
                        size_t largest_message_up) {
  std::vector<const Group*> common;
  std::vector<const Group*> rare;
  for (size_t i = 0; i < std::size(kGroups); ++i) {
    const Group& group = kGroups[i];
    if (!groups.empty() && std::find(groups.begin(), groups.end(), group.name) == groups.end()) {
      continue;
    }
    (i + kRareGroups < std::size(kGroups) ? common : rare).push_back(&group);
  }
  Schedule schedule;
  if (!common.empty()) {
    const size_t count = dice.Percent(10) ? dice.Between(7, 25) : dice.Between(0, 6);
    for (size_t i = 0; i < count; ++i) {
      Fault fault = common[dice.Between(0, common.size() - 1)]->draw(dice);
      if (fault.kind == FaultKind::kLimit) {
        // A limit that no single part fits would be no fault but an obstacle for ever.
        fault.bytes = largest_message_up <= 2'000 ? dice.Between(8'192, 32'768)
                                                  : dice.Between(131'072, 400'000);
      }
      const bool condition = !EntryOf(fault.kind).exchange && !EntryOf(fault.kind).at;
      if (!condition || !schedule.Has(fault.kind)) schedule.faults.push_back(fault);
    }
  }
  if (!rare.empty() && (common.empty() || dice.Percent(8))) {
    schedule.faults.push_back(rare[dice.Between(0, rare.size() - 1)]->draw(dice));
  }
  return schedule;
}

absl::StatusOr<Schedule> Schedule::Parse(std::string_view text) {
  Schedule schedule;
  for (absl::string_view one : absl::StrSplit(runnel::AbslView(text), ';')) {
    one = absl::StripAsciiWhitespace(one);
    if (one.empty()) continue;
    RUNNEL_ASSIGN_OR_RETURN(Fault fault, ParseFault(one));
    schedule.faults.push_back(fault);
  }
  return schedule;
}

std::string Schedule::ToString() const {
  return absl::StrJoin(faults, "; ", [](std::string* out, const Fault& fault) {
    absl::StrAppend(out, fault.ToString());
  });
}

bool Schedule::Has(FaultKind kind) const {
  return std::any_of(faults.begin(), faults.end(),
                     [kind](const Fault& fault) { return fault.kind == kind; });
}

bool Schedule::EndsSessions() const {
  return std::any_of(faults.begin(), faults.end(), [](const Fault& fault) {
    return fault.kind == FaultKind::kKill || fault.lasting > kLongestRepaired;
  });
}

absl::Duration Schedule::End() const {
  absl::Duration end;
  for (const Fault& fault : faults) end = std::max(end, fault.at + fault.lasting);
  return end;
}

}  // namespace fault
