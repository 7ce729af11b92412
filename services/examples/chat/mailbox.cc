#include "services/examples/chat/mailbox.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace examples::chat {

std::shared_ptr<Mailbox> Mailbox::Make(runnel::Executor executor, size_t capacity) {
  return std::shared_ptr<Mailbox>(new Mailbox(std::move(executor), capacity));
}

void Mailbox::Post(std::shared_ptr<const v1::RoomEvent> event) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    if (missed_ == nullptr && events_.size() < capacity_) {
      events_.push_back(std::move(event));
    } else {
      if (missed_ == nullptr) {
        missed_ = std::make_shared<v1::RoomEvent>();
        *missed_->mutable_time() = event->time();
      }
      v1::Missed& missed = *missed_->mutable_missed();
      missed.set_events(missed.events() + 1);
    }
  }
  WakeTaker();
}

void Mailbox::Close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  WakeTaker();
}

void Mailbox::WakeTaker() {
  boost::asio::post(executor_, [self = shared_from_this()] { self->arrived_.Notify(); });
}

runnel::Awaitable<absl::StatusOr<std::shared_ptr<const v1::RoomEvent>>> Mailbox::Take() {
  while (true) {
    {
      // Left before the await: no lock is held across one.
      const std::lock_guard lock(mutex_);
      if (!events_.empty()) {
        std::shared_ptr<const v1::RoomEvent> event = std::move(events_.front());
        events_.pop_front();
        co_return event;
      }
      if (missed_ != nullptr) {
        co_return std::shared_ptr<const v1::RoomEvent>(std::exchange(missed_, nullptr));
      }
      if (closed_) co_return std::shared_ptr<const v1::RoomEvent>();
    }
    RUNNEL_CO_RETURN_IF_ERROR(co_await arrived_.Wait());
  }
}

}  // namespace examples::chat
