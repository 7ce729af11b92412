// The decoder of a stream whose types are known when the program runs: one program for any feed.
//
//   RUNNEL_ASSIGN_OR_RETURN(runnel::MessageTypes types, runnel::MessageTypes::FromFile(path));
//   runnel::EventTypes names;
//   names.other = "shop.Change";
//   RUNNEL_ASSIGN_OR_RETURN(auto decoder, runnel::NewAnyEventDecoder(types, names, options));
//   runnel::EventStream<runnel::AnyMessage> events(source, decoder, options);

#ifndef RUNNEL_RUNTIME_CLIENT_ANY_EVENT_DECODER_H_
#define RUNNEL_RUNTIME_CLIENT_ANY_EVENT_DECODER_H_

#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "runtime/client/event_source_decoder.h"
#include "runtime/client/event_stream_options.h"
#include "runtime/client/message_types.h"

namespace runnel {

// Names of types, by names of events. Of what has none here and no `other`, the type is not known
// (see UnknownEvents).
struct EventTypes {
  EventTypes() = default;

  std::map<std::string, std::string> named;  // {"message", …} are the unnamed ones
  std::string other;
};

using AnyEventDecoder = std::function<EventOutcome(const SourceEvent& event, AnyMessage& message)>;

// `options` are those of the stream; its `fields` are those of `other`. NOT_FOUND, or
// INVALID_ARGUMENT of a field, when there are no such types.
absl::StatusOr<AnyEventDecoder> NewAnyEventDecoder(MessageTypes types, const EventTypes& names,
                                                   const EventStreamOptions& options);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_ANY_EVENT_DECODER_H_
