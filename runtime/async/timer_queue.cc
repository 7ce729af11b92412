#include "runtime/async/timer_queue.h"

#include <boost/asio/execution_context.hpp>
#include <utility>

namespace runnel {
namespace {

// Asio keeps one for each loop, and shuts it down with the loop.
class TimerService final : public asio::execution_context::service {
 public:
  using key_type = TimerService;
  static asio::execution_context::id id;

  explicit TimerService(asio::execution_context& context)
      : service(context),
        queue_(std::make_shared<TimerQueue>(static_cast<asio::io_context&>(context))) {}

  const std::shared_ptr<TimerQueue>& queue() const { return queue_; }

 private:
  void shutdown() override { queue_->Shutdown(); }

  const std::shared_ptr<TimerQueue> queue_;
};

asio::execution_context::id TimerService::id;

}  // namespace

class TimerQueue::Entry final : public Timer {
 public:
  Entry(std::shared_ptr<TimerQueue> queue, absl::AnyInvocable<void()> callback)
      : queue_(std::move(queue)), callback_(std::move(callback)) {}
  ~Entry() override { queue_->Remove(*this); }

 private:
  friend class TimerQueue;
  static constexpr size_t kNowhere = static_cast<size_t>(-1);

  const std::shared_ptr<TimerQueue> queue_;
  size_t index_ = kNowhere;  // in places_
  absl::AnyInvocable<void()> callback_;
};

std::shared_ptr<TimerQueue> TimerQueue::Of(asio::io_context& loop) {
  return asio::use_service<TimerService>(loop).queue();
}

std::unique_ptr<Timer> TimerQueue::CallAt(Time when, absl::AnyInvocable<void()> callback) {
  auto entry = std::make_unique<Entry>(shared_from_this(), std::move(callback));
  std::lock_guard lock(mutex_);
  if (!timer_) return entry;
  places_.push_back(Place{when, ++last_number_, entry.get()});
  SiftUp(places_.size() - 1);
  if (when < armed_) Arm();
  return entry;
}

void TimerQueue::Remove(Entry& entry) {
  std::lock_guard lock(mutex_);
  if (entry.index_ == Entry::kNowhere) return;
  Take(entry.index_);
  if (places_.empty()) Arm();  // a loop without work ends
}

void TimerQueue::Shutdown() {
  std::lock_guard lock(mutex_);
  for (const Place& place : places_) place.entry->index_ = Entry::kNowhere;
  places_.clear();
  timer_.reset();
}

void TimerQueue::Put(size_t index, const Place& place) {
  places_[index] = place;
  place.entry->index_ = index;
}

void TimerQueue::SiftUp(size_t index) {
  const Place place = places_[index];
  for (; index > 0; index = (index - 1) / 2) {
    const Place& parent = places_[(index - 1) / 2];
    if (!(place < parent)) break;
    Put(index, parent);
  }
  Put(index, place);
}

void TimerQueue::SiftDown(size_t index) {
  const Place place = places_[index];
  while (true) {
    size_t child = 2 * index + 1;
    if (child >= places_.size()) break;
    if (child + 1 < places_.size() && places_[child + 1] < places_[child]) ++child;
    if (!(places_[child] < place)) break;
    Put(index, places_[child]);
    index = child;
  }
  Put(index, place);
}

void TimerQueue::Take(size_t index) {
  places_[index].entry->index_ = Entry::kNowhere;
  const Place last = places_.back();
  places_.pop_back();
  if (index == places_.size()) return;
  Put(index, last);
  SiftUp(index);
  SiftDown(last.entry->index_);
}

void TimerQueue::Arm() {
  armed_ = places_.empty() ? Time::max() : places_.front().when;
  if (!timer_) return;
  if (places_.empty()) {
    timer_->cancel();
    return;
  }
  timer_->expires_at(armed_);
  timer_->async_wait([weak = weak_from_this()](boost::system::error_code error) {
    if (error) return;
    if (const std::shared_ptr<TimerQueue> queue = weak.lock()) queue->Run();
  });
}

void TimerQueue::Run() {
  std::unique_lock lock(mutex_);
  const Time now = std::chrono::steady_clock::now();
  const uint64_t last = last_number_;
  armed_ = Time::max();
  // What callbacks add waits for the next turn of the loop.
  while (!places_.empty() && places_.front().when <= now && places_.front().number <= last) {
    // The callback may destroy its timer.
    absl::AnyInvocable<void()> callback = std::move(places_.front().entry->callback_);
    Take(0);
    lock.unlock();
    callback();
    callback = nullptr;
    lock.lock();
  }
  if (!places_.empty() && places_.front().when < armed_) Arm();
}

}  // namespace runnel
