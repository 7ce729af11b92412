#include "services/examples/monitor/samplers.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace examples::monitor {
namespace {

// Between two samples of one interval, however late the first is: a tick of the kernel's counters.
constexpr absl::Duration kLeastPause = absl::Milliseconds(10);

// Who reads slowly gets fewer samples, not old ones.
runnel::TopicOptions NewestOnly() {
  runnel::TopicOptions options;
  options.max_messages = 1;
  return options;
}

}  // namespace

Samplers::Samplers(runnel::Executor loop, runnel::Clock& clock, std::string proc)
    : loop_(std::move(loop)), clock_(clock), proc_(std::move(proc)) {}

absl::StatusOr<std::shared_ptr<Samplers::Feed>> Samplers::At(absl::Duration interval) {
  const absl::Time now = clock_.Now();
  RUNNEL_ASSIGN_OR_RETURN(ProcReading reading, ReadProc(proc_, now));
  const std::lock_guard lock(mutex_);
  ForgetThoseNotWatched();
  Sampler& sampler = samplers_[interval];
  std::shared_ptr<Feed> feed = sampler.feed.lock();
  if (feed != nullptr) return feed;
  feed = std::make_shared<Feed>(NewestOnly());
  sampler = Sampler{feed, std::move(reading), now + interval};
  boost::asio::post(loop_, [this] { changed_.Notify(); });
  return feed;
}

runnel::Awaitable<void> Samplers::Run() {
  while (true) {
    const absl::Status waited = co_await changed_.WaitUntil(clock_, NextDue());
    if (absl::IsCancelled(waited)) co_return;
    TakeThoseDue();
  }
}

absl::Time Samplers::NextDue() const {
  const std::lock_guard lock(mutex_);
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [interval, sampler] : samplers_) next = std::min(next, sampler.due);
  return next;
}

void Samplers::TakeThoseDue() {
  const std::lock_guard lock(mutex_);
  ForgetThoseNotWatched();
  const absl::Time now = clock_.Now();
  const auto is_due = [now](const auto& entry) { return entry.second.due <= now; };
  if (std::none_of(samplers_.begin(), samplers_.end(), is_due)) return;
  const absl::StatusOr<ProcReading> reading = ReadProc(proc_, now);
  for (auto& entry : samplers_) {
    if (!is_due(entry)) continue;
    auto& [interval, sampler] = entry;
    // From when this one was due, so that intervals do not drift.
    sampler.due = std::max(sampler.due + interval, now + kLeastPause);
    const std::shared_ptr<Feed> feed = sampler.feed.lock();
    if (feed == nullptr) continue;
    if (!reading.ok()) {
      feed->Close(reading.status());
      sampler.feed.reset();
      continue;
    }
    feed->Publish(Compare(sampler.before, *reading)).IgnoreError();  // it is not closed
    sampler.before = *reading;
  }
}

void Samplers::ForgetThoseNotWatched() {
  std::erase_if(samplers_, [](const auto& entry) { return entry.second.feed.expired(); });
}

}  // namespace examples::monitor
