#include "tests/fault/cluster_follower.h"

#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/async/clock.h"
#include "runtime/core/string_view.h"
#include "runtime/wire/event_parser.h"

namespace fault {

using runnel::AbslView;
using runnel::Awaitable;
using runnel::HttpRequest;
using runnel::HttpResponse;

Awaitable<void> ClusterFollower::Run() {
  while (true) {
    const bool streamed = co_await Follow();
    const absl::Duration pause = absl::Milliseconds(streamed ? 20 : 200);
    const absl::Status slept = co_await SleepFor(runnel::Clock::Real(), pause);
    if (!slept.ok()) co_return;
  }
}

Awaitable<bool> ClusterFollower::Follow() {
  HttpRequest request;
  request.method = "GET";
  request.target = target_;
  request.headers.Add("accept", "text/event-stream");
  if (!last_id_.empty()) request.headers.Add("last-event-id", last_id_);
  absl::StatusOr<HttpResponse> response = co_await http_->Send(std::move(request));
  if (!response.ok() || response->status != 200) co_return false;
  ++connections_;
  if (const auto gap = response->headers.Get("feed-gap")) {
    fault_ = absl::StrCat("the stream after ", last_id_, " begins with a gap of ", AbslView(*gap));
  }
  runnel::EventParser events(1 << 20);
  while (true) {
    absl::StatusOr<std::optional<std::string_view>> piece = co_await response->body->Read();
    if (!piece.ok() || !*piece) co_return true;
    events.Feed(**piece);
    while (true) {
      const auto event = events.Next();
      if (!event.ok()) {
        fault_ = event.status().ToString();
        co_return true;
      }
      if (!*event) break;
      // "end" says why; whoever follows asks again.
      if ((*event)->type == "message") Take((*event)->id, (*event)->data);
    }
  }
}

void ClusterFollower::Take(std::string_view id, std::string_view data) {
  uint64_t number = 0;
  const size_t dash = id.rfind('-');
  if (dash == id.npos || !absl::SimpleAtoi(AbslView(id.substr(dash + 1)), &number)) {
    fault_ = absl::StrCat("an event's id is \"", AbslView(id), "\"");
    return;
  }
  const std::string_view epoch = id.substr(0, dash);
  const std::string_view before = std::string_view(last_id_).substr(0, last_id_.rfind('-'));
  if (fault_.empty() && (number != marks_.size() + 1 || (!marks_.empty() && epoch != before))) {
    fault_ = absl::StrCat("after ", last_id_, " came ", AbslView(id));
    doubled_ = number <= marks_.size();
  }
  last_id_ = std::string(id);
  // {"number":12}
  uint32_t mark = 0;
  const size_t colon = data.find(':');
  const size_t end = data.find('}');
  const bool is_mark = colon != data.npos && end != data.npos &&
                       absl::SimpleAtoi(AbslView(data.substr(colon + 1, end - colon - 1)), &mark);
  if (!is_mark && fault_.empty()) fault_ = absl::StrCat("an event is ", AbslView(data));
  marks_.push_back(mark);
}

}  // namespace fault
