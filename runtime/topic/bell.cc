#include "runtime/topic/bell.h"

#include <boost/asio/post.hpp>

namespace runnel {
namespace {

// So many streams with their connections stay in a core's cache from the waking to the writing.
constexpr int kAtATime = 16;

}  // namespace

void Bell::Ring() {
  if (posted_.exchange(true)) return;
  asio::post(executor_, [self = shared_from_this()] {
    self->posted_.exchange(false);
    ++self->rung_;
    if (!self->waking_) self->WakeSome();
  });
}

void Bell::WakeSome() {
  const auto more = [this] { return !listeners_.empty() && listeners_.front()->since_ < rung_; };
  for (int i = 0; i < kAtATime && more(); ++i) {
    Listener& listener = *listeners_.front();
    listeners_.pop_front();
    listener.woken_ = true;
    listener.signal_.Notify();
  }
  waking_ = more();
  if (waking_) asio::post(executor_, [self = shared_from_this()] { self->WakeSome(); });
}

}  // namespace runnel
