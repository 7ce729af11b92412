// Event is one Server-Sent Event (HTML Living Standard, section 9.2).

#ifndef RUNNEL_RUNTIME_WIRE_EVENT_H_
#define RUNNEL_RUNTIME_WIRE_EVENT_H_

#include <string>
#include <string_view>

namespace runnel {

// An event as the parser hands it out: views into memory that the parser or its input owns,
// valid until the parser is used again.
struct EventView {
  std::string_view type;  // "message" where the stream names none
  std::string_view data;  // the data lines, joined by LF
  std::string_view id;    // the last event id of the stream at this event
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_WIRE_EVENT_H_
