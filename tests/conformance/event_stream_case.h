// Event-stream cases: what a stream of bytes says, whatever pieces it comes in. The file's form is
// that of testdata/eventsource-cases.json, whose `note` describes it.

#ifndef RUNNEL_TESTS_CONFORMANCE_EVENT_STREAM_CASE_H_
#define RUNNEL_TESTS_CONFORMANCE_EVENT_STREAM_CASE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace conformance {

struct StreamEvent {
  std::string type;
  std::string data;
  std::string id;
  friend bool operator==(const StreamEvent&, const StreamEvent&) = default;
};

// What there is to know of a stream when its body has ended.
struct StreamContent {
  std::vector<StreamEvent> events;
  std::optional<int64_t> retry_ms;
  std::string last_event_id;
  friend bool operator==(const StreamContent&, const StreamContent&) = default;
};

struct EventStreamCase {
  std::string name;
  std::string stream;
  std::vector<size_t> chunks;  // where it is cut, in ascending order
  StreamContent expected;
};

// INVALID_ARGUMENT says which case is not of the form, and how.
absl::StatusOr<std::vector<EventStreamCase>> ParseEventStreamCases(std::string_view json);

// Reads the stream with Runnel's parser, in the pieces between `cuts`. Each piece is gone when the
// next comes, as with a connection.
absl::StatusOr<StreamContent> ReadStream(std::string_view stream, const std::vector<size_t>& cuts);

// In the form of the file's cases.
std::string ToJson(const std::string& name, const StreamContent& content);
// The first thing that differs.
std::string Difference(const StreamContent& expected, const StreamContent& actual);

}  // namespace conformance

#endif  // RUNNEL_TESTS_CONFORMANCE_EVENT_STREAM_CASE_H_
