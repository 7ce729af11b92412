#include "runtime/topic/bell.h"

#include <boost/asio/post.hpp>

namespace runnel {

void Bell::Ring() {
  if (posted_.exchange(true)) return;
  asio::post(executor_, [self = shared_from_this()] {
    self->posted_.exchange(false);
    // Whoever is woken runs later, so that the list stays as it is.
    for (Signal* listener : self->listeners_) listener->Notify();
  });
}

}  // namespace runnel
