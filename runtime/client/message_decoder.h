// A MessageDecoder makes protobuf messages of events, by reflection.

#ifndef RUNNEL_RUNTIME_CLIENT_MESSAGE_DECODER_H_
#define RUNNEL_RUNTIME_CLIENT_MESSAGE_DECODER_H_

#include <functional>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "runtime/client/event_source_decoder.h"
#include "runtime/client/event_stream_options.h"

namespace runnel {

using MessageDecoder =
    std::function<EventOutcome(const SourceEvent& event, google::protobuf::Message& message)>;

// For messages of the type, into whose fields, or which as a whole, it decodes the data of events
// as the options say (`fields`, `data`, `limits`). INVALID_ARGUMENT when there are no such fields.
absl::StatusOr<MessageDecoder> NewMessageDecoder(const google::protobuf::Descriptor& type,
                                                 const EventStreamOptions& options);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_MESSAGE_DECODER_H_
