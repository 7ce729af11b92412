// Watch reads the event stream of any server, with types of messages from a descriptor set: nothing
// about the feed is compiled in.

#ifndef SERVICES_EXAMPLES_WATCH_WATCHER_H_
#define SERVICES_EXAMPLES_WATCH_WATCHER_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "runnel/event_source.h"

namespace examples::watch {

struct WatchOptions {
  std::string url;
  std::string descriptor_set;  // a file
  runnel::EventTypes types;
  runnel::EventSourceOptions source;
  runnel::EventStreamOptions stream;
  uint32_t count = 0;  // ends after so many events; 0: goes on
};

// Prints one line for each event: its id, its name, and the message as JSON, with tabs between
// them. What is wrong with an event stands there in place of the message. Returns when the stream
// has ended, and how.
absl::Status Watch(const WatchOptions& options,
                   const std::function<void(const std::string& line)>& print);

}  // namespace examples::watch

#endif  // SERVICES_EXAMPLES_WATCH_WATCHER_H_
