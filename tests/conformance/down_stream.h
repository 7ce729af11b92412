// DownStream reads what a server sends on a down-stream, and holds it against the rules that every
// stream keeps.

#ifndef RUNNEL_TESTS_CONFORMANCE_DOWN_STREAM_H_
#define RUNNEL_TESTS_CONFORMANCE_DOWN_STREAM_H_

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "tests/conformance/decoded_message.h"

namespace conformance {

// One for each response. Reads strictly: what no server of this version sends is an error.
class DownStream {
 public:
  // `after`: number of the last frame the client has.
  DownStream(runnel::Codec codec, uint64_t after) : codec_(codec), last_(after) {}

  void Feed(std::string_view bytes) { bytes_ += bytes; }
  // Takes in what has been fed.
  absl::Status Read();

  // What has come, and been taken by nobody.
  std::optional<Json> session;    // with `eventId`
  std::vector<Json> frames;       // those before `after` left out
  std::optional<std::string> id;  // of the last event with frames
  int events = 0;                 // that had frames
  int comments = 0;
  std::optional<Json> end;  // the data of `event: end`

  bool empty() const { return !session && frames.empty() && !end; }

 private:
  absl::Status ReadEvent();

  const runnel::Codec codec_;
  uint64_t last_;
  std::string bytes_;
  size_t at_ = 0;
  bool has_data_ = false;
  std::string type_;
  std::string event_id_;
  std::string data_;
};

}  // namespace conformance

#endif  // RUNNEL_TESTS_CONFORMANCE_DOWN_STREAM_H_
