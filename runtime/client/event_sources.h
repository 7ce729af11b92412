// EventSources are connections to event streams by names of the program's choice. Each is a source
// of its own: what becomes of one does nothing to another.
//
//   runnel::EventSources sources(io.executor());
//   RUNNEL_ASSIGN_OR_RETURN(auto source, sources.Connect("prices", "https://example.com/prices"));
//   runnel::EventStream<Price> prices(source);  // or source->Read()
//   …
//   sources.Close("prices");  // from anywhere: a Read that waits returns CANCELLED

#ifndef RUNNEL_RUNTIME_CLIENT_EVENT_SOURCES_H_
#define RUNNEL_RUNTIME_CLIENT_EVENT_SOURCES_H_

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/client/event_source.h"

namespace runnel {

// Thread-safe. All sources live on `executor`'s loop, of which EventSource says what it must be.
class EventSources {
 public:
  // Told of every change of every source, as EventSourceOptions::on_status is.
  using OnStatus = std::function<void(const std::string& name, const EventSourceStatus& status)>;

  explicit EventSources(Executor executor, OnStatus on_status = nullptr);
  // Closes them all.
  ~EventSources();
  EventSources(const EventSources&) = delete;
  EventSources& operator=(const EventSources&) = delete;

  // A new source, which connects when it is read. ALREADY_EXISTS while the name is in use: until
  // its stream has ended, with or without an error, or was closed. INVALID_ARGUMENT says what is
  // wrong with the URL.
  absl::StatusOr<std::shared_ptr<EventSource>> Connect(const std::string& name,
                                                       std::string_view url,
                                                       EventSourceOptions options = {});

  // nullptr when the name is not in use.
  std::shared_ptr<EventSource> Find(std::string_view name) const;
  // Of those that are, in alphabetical order.
  std::vector<std::string> names() const;

  // Closes one, whose name is free then. False when the name was not in use.
  bool Close(std::string_view name);
  void CloseAll();

 private:
  using Sources = std::map<std::string, std::shared_ptr<EventSource>, std::less<>>;

  const Executor executor_;
  const OnStatus on_status_;
  mutable std::mutex mutex_;
  Sources sources_;  // also some that are closed: Connect throws them out
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_EVENT_SOURCES_H_
