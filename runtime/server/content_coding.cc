#include "runtime/server/content_coding.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/core/string_view.h"

namespace runnel {
namespace {

// Whether the parameters of one member of the list forbid it: "q=0".
bool IsForbidden(absl::string_view parameters) {
  for (absl::string_view parameter : absl::StrSplit(parameters, ';')) {
    parameter = absl::StripAsciiWhitespace(parameter);
    if (!absl::StartsWithIgnoreCase(parameter, "q=")) continue;
    double weight = 0;
    return !absl::SimpleAtod(parameter.substr(2), &weight) || weight <= 0;
  }
  return false;
}

}  // namespace

absl::Status UnknownCoding(std::string_view where, std::string_view name) {
  return absl::UnimplementedError(absl::StrCat(AbslView(where), " is \"", AbslView(name),
                                               "\"; this server has gzip and identity"));
}

Compression ChooseCoding(std::string_view accepted) {
  for (absl::string_view member : absl::StrSplit(AbslView(accepted), ',')) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(member, absl::MaxSplits(';', 1));
    if (!absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(parts.first), "gzip")) continue;
    return IsForbidden(parts.second) ? Compression::kIdentity : Compression::kGzip;
  }
  return Compression::kIdentity;
}

}  // namespace runnel
