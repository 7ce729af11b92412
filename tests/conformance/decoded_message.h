// A message of runnel.v1.Channel as the JSON that transcripts hold, and as the bytes of either
// codec (transcripts/README.md, "Messages"). Knows nothing of the runtime's own frame codec, so
// that neither can hide a mistake of the other.

#ifndef RUNNEL_TESTS_CONFORMANCE_DECODED_MESSAGE_H_
#define RUNNEL_TESTS_CONFORMANCE_DECODED_MESSAGE_H_

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/core/codec.h"

namespace conformance {

using Json = nlohmann::ordered_json;

// `type` is the message's name in runnel.v1: "SendRequest". INVALID_ARGUMENT where `decoded` is no
// such message.
absl::StatusOr<std::string> EncodeDecoded(runnel::Codec codec, std::string_view type, Json decoded);
// Members with their default values are left out, as is the `size` of a message that has it.
// INVALID_ARGUMENT where the bytes are no such message, or break a rule that each frame keeps.
absl::StatusOr<Json> DecodeMessage(runnel::Codec codec, std::string_view type,
                                   std::string_view bytes);

// Puts messages that came in parts together: {"json":…,"parts":3}, in the place of the last part.
absl::StatusOr<std::vector<Json>> JoinParts(runnel::Codec codec, std::string_view type,
                                            const std::vector<Json>& frames);

// The details of an error, with ErrorInfo spelled out: [{"reason":…,"domain":…,"metadata":{…}}].
Json SpellDetails(const Json& details);
// And back.
Json EncodeDetails(const Json& details);

}  // namespace conformance

#endif  // RUNNEL_TESTS_CONFORMANCE_DECODED_MESSAGE_H_
