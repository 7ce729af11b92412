// Compares how the generated JSON and protobuf's own read a text, for json_property and the fuzzer.

#ifndef RUNNEL_TESTS_CONFORMANCE_JSON_COMPARISON_H_
#define RUNNEL_TESTS_CONFORMANCE_JSON_COMPARISON_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace runnel::conformance {

// The binary form, with maps in order and required fields missing or not.
std::string DeterministicBytes(const google::protobuf::Message& message);

// protobuf's reader, as the codec uses it where there is no generated code, without the scan before
// it.
absl::Status ReadByProtobuf(std::string_view json, google::protobuf::Message& message);

// How protobuf reads a text otherwise than the generated code, which read it as `ours`; empty when
// it does not, or when JSON.md allows it.
std::string Difference(std::string_view json, const google::protobuf::Message& ours);

}  // namespace runnel::conformance

#endif  // RUNNEL_TESTS_CONFORMANCE_JSON_COMPARISON_H_
