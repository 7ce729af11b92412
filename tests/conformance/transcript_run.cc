#include "tests/conformance/transcript_run.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_macros.h"

namespace conformance {
namespace {

// Steps of the loop at one moment: more is a loop that feeds itself.
constexpr int kMaxSteps = 1'000'000;

}  // namespace

absl::Status TranscriptRun::Settle() {
  context_.restart();
  for (int step = 0; context_.poll_one() > 0; ++step) {
    if (step == kMaxSteps) return absl::FailedPreconditionError("the loop never comes to rest");
  }
  return absl::OkStatus();
}

absl::Status TranscriptRun::Advance(absl::Duration duration) {
  const absl::Time end = clock_.Now() + duration;
  while (clock_.Now() < end) {
    clock_.Advance(std::min(clock_.NextDue(), end) - clock_.Now());
    RUNNEL_RETURN_IF_ERROR(Settle());
  }
  return absl::OkStatus();
}

std::vector<std::string> TranscriptRun::Pieces(std::string_view text) {
  longest_ = std::max(longest_, text.size());
  return split_.Pieces(text);
}

std::string TranscriptRun::MediaType() const {
  return codec_ == runnel::Codec::kJson ? "application/json" : "application/proto";
}

std::string TranscriptRun::StreamType() const {
  return codec_ == runnel::Codec::kJson ? "text/event-stream" : "text/event-stream; codec=proto";
}

runnel::Limits LimitsOf(const Json& settings) {
  runnel::Limits limits;
  if (!settings.contains("limits")) return limits;
  for (const auto& [name, value] : settings["limits"].items()) {
    size_t* limit = name == "callWindowBytes"      ? &limits.call_window_bytes
                    : name == "sessionWindowBytes" ? &limits.session_window_bytes
                    : name == "maxSendBytes"       ? &limits.max_send_bytes
                    : name == "maxMessageBytes"    ? &limits.max_message_bytes
                    : name == "maxCallsPerSession" ? &limits.max_calls_per_session
                    : name == "maxSessions"        ? &limits.max_sessions
                    : name == "maxUnreadBytes"     ? &limits.max_unread_bytes
                                                   : nullptr;
    if (limit == nullptr) {
      std::fprintf(stderr, "no limit is called %s\n", name.c_str());
      std::exit(2);
    }
    *limit = value.get<size_t>();
  }
  return limits;
}

Json ErrorJson(const Json& connect_error) {
  Json error = connect_error;
  if (!error.contains("details")) return error;
  Json others = Json::array();
  for (const Json& detail : SpellDetails(error["details"])) {
    if (detail.contains("reason")) {
      error.update(detail);
    } else {
      others.push_back(detail);
    }
  }
  error["details"] = std::move(others);
  return error;
}

absl::Status WantObject(const Json& json, const char* what) {
  if (json.is_object()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(what, " is not an object: ", json.dump()));
}

}  // namespace conformance
