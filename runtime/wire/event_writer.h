// Writing an event stream: every event appended to a buffer in its final form.

#ifndef RUNNEL_RUNTIME_WIRE_EVENT_WRITER_H_
#define RUNNEL_RUNTIME_WIRE_EVENT_WRITER_H_

#include <string>
#include <string_view>

namespace runnel {

// The parts of an event beside its data. Empty ones are left out.
struct EventFields {
  std::string_view type;  // [A-Za-z0-9._-]
  std::string_view id;    // [A-Za-z0-9._-]
};

// Whether `id` may stand in `id:` and `event:` fields of this library: [A-Za-z0-9._-], not empty.
bool IsEventToken(std::string_view id);

// Appends an event whose data is `line`, which has no CR and no LF.
void AppendEvent(const EventFields& fields, std::string_view line, std::string& out);
// The same for a line that is written in place, between the two.
void BeginEvent(const EventFields& fields, std::string& out);
void EndEvent(std::string& out);
// The same with base64 (RFC 4648 section 4, unpadded) of `bytes` as data.
void AppendBase64Event(const EventFields& fields, std::string_view bytes, std::string& out);
// Appends `: text` and one line end: a heartbeat. `text` has no CR and no LF.
void AppendComment(std::string_view text, std::string& out);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_WIRE_EVENT_WRITER_H_
