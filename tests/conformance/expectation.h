// What a transcript expects, compared with what came: placeholders, captures, and text that is too
// long to be written out (transcripts/README.md, "Values").

#ifndef RUNNEL_TESTS_CONFORMANCE_EXPECTATION_H_
#define RUNNEL_TESTS_CONFORMANCE_EXPECTATION_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "tests/conformance/decoded_message.h"

namespace conformance {

// What a run knows by name: "secret" for $secret.
using Names = std::map<std::string, Json>;

// `json` with ${name} in strings and {"$repeat":…} replaced. INVALID_ARGUMENT for a name nobody has
// given.
absl::StatusOr<Json> Expand(const Json& json, const Names& names);

// OK, or where `got` is not as `expected` says, with both. Captures what it names. Objects have the
// members they are said to have and no others.
absl::Status Match(const Json& expected, const Json& got, Names& names);
// The same for an object that may have others.
absl::Status MatchMembers(const Json& expected, const Json& got, Names& names);

}  // namespace conformance

#endif  // RUNNEL_TESTS_CONFORMANCE_EXPECTATION_H_
