#include "runtime/client/event_sources.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

bool IsClosed(const EventSource& source) {
  return source.status().state == EventSourceState::kClosed;
}

}  // namespace

EventSources::EventSources(Executor executor, OnStatus on_status)
    : executor_(std::move(executor)), on_status_(std::move(on_status)) {}

EventSources::~EventSources() { CloseAll(); }

absl::StatusOr<std::shared_ptr<EventSource>> EventSources::Connect(const std::string& name,
                                                                   std::string_view url,
                                                                   EventSourceOptions options) {
  const std::lock_guard lock(mutex_);
  std::erase_if(sources_, [](const auto& entry) { return IsClosed(*entry.second); });
  if (sources_.contains(name)) {
    return absl::AlreadyExistsError(absl::StrCat("there is a connection named \"", name, "\""));
  }
  if (on_status_) {
    options.on_status = [name, report = on_status_,
                         own = std::move(options.on_status)](const EventSourceStatus& status) {
      if (own) own(status);
      report(name, status);
    };
  }
  auto source = std::make_shared<EventSource>(executor_, url, std::move(options));
  if (IsClosed(*source)) return source->status().reason;
  sources_.emplace(name, source);
  return source;
}

std::shared_ptr<EventSource> EventSources::Find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = sources_.find(name);
  return found == sources_.end() || IsClosed(*found->second) ? nullptr : found->second;
}

std::vector<std::string> EventSources::names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, source] : sources_) {
    if (!IsClosed(*source)) names.push_back(name);
  }
  return names;
}

bool EventSources::Close(std::string_view name) {
  std::shared_ptr<EventSource> source;
  {
    const std::lock_guard lock(mutex_);
    const auto found = sources_.find(name);
    if (found == sources_.end()) return false;
    source = std::move(found->second);
    sources_.erase(found);
  }
  if (IsClosed(*source)) return false;
  source->Close();
  return true;
}

void EventSources::CloseAll() {
  Sources sources;
  {
    const std::lock_guard lock(mutex_);
    sources.swap(sources_);
  }
  for (const auto& [name, source] : sources) source->Close();
}

}  // namespace runnel
