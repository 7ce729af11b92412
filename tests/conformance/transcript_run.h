// TranscriptRun plays one transcript (transcripts/README.md) against one side, in one thread and in
// virtual time.

#ifndef RUNNEL_TESTS_CONFORMANCE_TRANSCRIPT_RUN_H_
#define RUNNEL_TESTS_CONFORMANCE_TRANSCRIPT_RUN_H_

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "runtime/core/limits.h"
#include "runtime/http/http_headers.h"
#include "runtime/testing/manual_clock.h"
#include "tests/conformance/expectation.h"
#include "tests/conformance/split.h"

namespace conformance {

// What both sides' runs have in common. Used once.
class TranscriptRun {
 public:
  TranscriptRun(runnel::Codec codec, Split split) : codec_(codec), split_(split) {}
  virtual ~TranscriptRun() = default;

  // FAILED_PRECONDITION where the side does not do what the step says; INVALID_ARGUMENT where the
  // step says nothing that can be done.
  virtual absl::Status Step(const Json& step) = 0;
  // After the last step: whether anything came that no step spoke of.
  virtual absl::Status Finish() = 0;

  // Of the texts that were fed to the side.
  size_t longest() const { return longest_; }

 protected:
  // Lets everything happen that needs no time.
  absl::Status Settle();
  absl::Status Advance(absl::Duration duration);
  std::vector<std::string> Pieces(std::string_view text);
  // "text/event-stream" and the like of this run's codec.
  std::string MediaType() const;
  std::string StreamType() const;

  const runnel::Codec codec_;
  const Split split_;
  Names names_;
  runnel::ManualClock clock_;
  boost::asio::io_context context_{1};

 private:
  size_t longest_ = 0;
};

// `transcript` is the whole file; what it says of its side's settings is taken from there.
std::unique_ptr<TranscriptRun> NewServerRun(const Json& transcript, runnel::Codec codec,
                                            Split split);
std::unique_ptr<TranscriptRun> NewClientRun(const Json& transcript, runnel::Codec codec,
                                            Split split);

// Settings of a side: {"callWindowBytes":…}. Aborts on a name that is no limit's.
runnel::Limits LimitsOf(const Json& settings);
// {"code":…,"message":…,"details":[…]} with the members of the ErrorInfo beside the code.
Json ErrorJson(const Json& connect_error);
absl::Status WantObject(const Json& json, const char* what);

}  // namespace conformance

#endif  // RUNNEL_TESTS_CONFORMANCE_TRANSCRIPT_RUN_H_
