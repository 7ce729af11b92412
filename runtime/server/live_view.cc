#include "runtime/server/live_view.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <functional>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/async/on_executor.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/http/http_server.h"
#include "runtime/server/server_call.h"
#include "runtime/server/session_table.h"

namespace runnel {
namespace {

// So many are looked at before others have their turn on a loop.
constexpr size_t kChunk = 64;

// Runs on the loop.
using LookAtSome = std::function<void(uint64_t& after, size_t most)>;

Awaitable<uint64_t> Look(const LookAtSome& look, uint64_t after, size_t most) {
  // Behind whatever waits on the loop, also where that is the caller's own.
  const Executor here = co_await asio::this_coro::executor;
  co_await asio::post(here, asio::use_awaitable);
  look(after, most);
  co_return after;
}

Awaitable<LiveSession> DescribeAtHome(std::shared_ptr<ServerSession> session) {
  co_return session->Describe();
}

template <typename T>
void Append(std::vector<T> some, size_t loop, std::vector<T>& all) {
  for (T& one : some) one.loop = static_cast<int>(loop);
  all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
}

}  // namespace

absl::StatusOr<LiveView::Place> LiveView::ParsePlace(std::string_view from) const {
  Place place;
  if (from.empty()) return place;
  const char* const end = from.data() + from.size();
  auto [dot, loop_error] = std::from_chars(from.data(), end, place.loop);
  if (loop_error == std::errc() && dot != end && *dot == '.' && place.loop < loops_.size()) {
    auto [rest, error] = std::from_chars(dot + 1, end, place.after);
    if (error == std::errc() && rest == end) return place;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", AbslView(from), "\" does not say where a page begins"));
}

Awaitable<absl::StatusOr<LivePage<LiveSession>>> LiveView::Sessions(std::string from,
                                                                    size_t most) const {
  LivePage<LiveSession> page;
  // One more says whether there are more.
  std::vector<std::shared_ptr<ServerSession>> sessions = sessions_.After(from, most + 1);
  const bool more = sessions.size() > most;
  if (more) sessions.pop_back();
  for (std::shared_ptr<ServerSession>& session : sessions) {
    const Executor home = session->executor();
    LiveSession live = co_await OnExecutor(home, DescribeAtHome(std::move(session)));
    const auto loop = std::find_if(loops_.begin(), loops_.end(),
                                   [&](const Loop& one) { return one.executor == home; });
    live.loop = static_cast<int>(loop - loops_.begin());
    page.items.push_back(std::move(live));
  }
  if (more) page.next = page.items.back().id;
  co_return page;
}

Awaitable<absl::StatusOr<LivePage<LiveCall>>> LiveView::Calls(std::string from, size_t most,
                                                              CallFilter filter) const {
  RUNNEL_CO_ASSIGN_OR_RETURN(Place place, ParsePlace(from));
  LivePage<LiveCall> page;
  const std::function<bool(const ServerCall&)> wanted = [&](const ServerCall& call) {
    return (filter.session.empty() || call.session() == filter.session) &&
           (filter.method.empty() || call.context().method().path == filter.method);
  };
  while (place.loop < loops_.size() && page.items.size() < most) {
    const Loop& loop = loops_[place.loop];
    const LookAtSome look = [&](uint64_t& after, size_t some) {
      Append(loop.calls->Describe(after, some, wanted), place.loop, page.items);
    };
    const size_t some = std::min(kChunk, most - page.items.size());
    place.after = co_await OnExecutor(loop.executor, Look(look, place.after, some));
    if (place.after == 0) ++place.loop;
  }
  if (place.loop < loops_.size()) page.next = absl::StrCat(place.loop, ".", place.after);
  co_return page;
}

Awaitable<absl::StatusOr<LivePage<LiveConnection>>> LiveView::Connections(std::string from,
                                                                          size_t most) const {
  RUNNEL_CO_ASSIGN_OR_RETURN(Place place, ParsePlace(from));
  LivePage<LiveConnection> page;
  while (place.loop < loops_.size() && page.items.size() < most) {
    const Loop& loop = loops_[place.loop];
    const LookAtSome look = [&](uint64_t& after, size_t some) {
      Append(loop.http->Describe(after, some), place.loop, page.items);
    };
    const size_t some = std::min(kChunk, most - page.items.size());
    place.after = co_await OnExecutor(loop.executor, Look(look, place.after, some));
    if (place.after == 0) ++place.loop;
  }
  if (place.loop < loops_.size()) page.next = absl::StrCat(place.loop, ".", place.after);
  co_return page;
}

}  // namespace runnel
