// One case of our client against a server of InteropService that is not ours: how it calls, what it
// asks for, and how it says what it found.

#ifndef RUNNEL_TESTS_INTEROP_CLIENT_CASE_H_
#define RUNNEL_TESTS_INTEROP_CLIENT_CASE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runnel/client.h"
#include "tests/interop/interop.runnel.h"

namespace interop {

namespace v1 = runnel::interop::v1;

// What a case finds to be other than it should be. A value.
class Findings {
 public:
  template <typename Actual, typename Expected>
  void Equal(std::string_view what, const Actual& actual, const Expected& expected) {
    if (!(actual == expected)) Add(what, absl::StrCat(expected), absl::StrCat(actual));
  }
  void Ends(std::string_view what, const absl::Status& status, absl::StatusCode code) {
    if (status.code() != code) Add(what, absl::StatusCodeToString(code), status.ToString());
  }

  // Lines for people; none where all was well.
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  void Add(std::string_view what, const std::string& expected, const std::string& got) {
    lines_.push_back(absl::StrCat(std::string(what), ": expected: ", expected));
    lines_.push_back(absl::StrCat(std::string(what), ": got:      ", got));
  }

  std::vector<std::string> lines_;
};

// One way to call the server: "proto, gzip".
struct Caller {
  runnel::IoThread& io;
  std::string url;
  runnel::ChannelOptions options;
  v1::InteropService::Stub stub;

  bool compresses() const { return options.compression == runnel::Compression::kGzip; }
};

struct ClientCase {
  const char* name;
  void (*run)(Caller& caller, Findings& findings);
};

// A request that comes back with this text.
v1::Request Text(const std::string& text);
// One for `count` responses with the text "hi", each with a payload of `size` bytes.
v1::Request Planned(uint32_t count, uint32_t size = 0, uint32_t delay_ms = 0);
// One for an error with a message and three details, after `count` responses.
v1::Request Failing(v1::Error::Code code, uint32_t count = 0);
// Whether `status` is the error of Failing.
void FindFailure(const absl::Status& status, absl::StatusCode code, Findings& findings);

// Metadata that come back, and whether they have.
runnel::CallOptions Echoing();
void FindEcho(const runnel::Metadata& initial, const runnel::Metadata& trailing,
              Findings& findings);

// What the server has seen of a header field of the request.
std::string Seen(const v1::Response& response, std::string_view name);

}  // namespace interop

#endif  // RUNNEL_TESTS_INTEROP_CLIENT_CASE_H_
