// A table of raw HTTP requests with the answers that are expected (torture/README.md).

#ifndef RUNNEL_TESTS_CONFORMANCE_TORTURE_TABLE_H_
#define RUNNEL_TESTS_CONFORMANCE_TORTURE_TABLE_H_

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace conformance {

struct TortureStep {
  enum class Kind {
    kSend,      // `text`
    kPause,     // lets what was sent arrive by itself
    kEnd,       // no more will be sent
    kResponse,  // with one of `statuses`; head and body together contain `text`
    kClosed,    // the server closes the connection
    kOpen,      // the connection takes another request
    kLeave,     // the client closes the connection, whatever is under way
  };
  Kind kind = Kind::kSend;
  std::string text;
  std::set<int> statuses;
};

struct TortureCase {
  std::string name;
  int line = 0;
  std::vector<TortureStep> steps;
};

// INVALID_ARGUMENT names the line.
absl::StatusOr<std::vector<TortureCase>> ParseTortureTable(std::string_view text);

// "a\r\n\x00\*3{b}" -> the bytes.
absl::StatusOr<std::string> Unescape(std::string_view text);

}  // namespace conformance

#endif  // RUNNEL_TESTS_CONFORMANCE_TORTURE_TABLE_H_
