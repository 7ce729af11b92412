// SessionBudget bounds what the sessions of one loop hold together: frames their clients have not
// acknowledged, attached or not, and messages that no handler has read.

#ifndef RUNNEL_RUNTIME_SERVER_SESSION_BUDGET_H_
#define RUNNEL_RUNTIME_SERVER_SESSION_BUDGET_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "runtime/server/loop_telemetry.h"
#include "runtime/session/room_queue.h"

namespace runnel {

// Lives on its loop. While it is used up no message starts, and of the
// sessions without a client the one that has been so for longest is given up.
class SessionBudget {
 public:
  class Holder {
   public:
    virtual ~Holder() = default;
    // Gives back what it holds, from the loop and not inside this call.
    virtual void GiveUp(const std::string& why) = 0;

   private:
    friend class SessionBudget;
    std::optional<std::list<Holder*>::iterator> place_;  // in detached_
  };

  // `telemetry`, where there is one, shows what is held.
  explicit SessionBudget(size_t bytes, std::shared_ptr<LoopTelemetry> telemetry = nullptr)
      : bytes_(static_cast<int64_t>(bytes)), telemetry_(std::move(telemetry)) {}

  bool open() const { return held_ < bytes_; }
  // Where to wait until it is open again: the first is woken then.
  RoomQueue& room() { return room_; }
  int64_t held() const { return held_; }

  // So many bytes more are held, or less.
  void Add(int64_t bytes);

  // The holder has no client from now on.
  void AddDetached(Holder& holder);
  // It has one again, or holds nothing any more.
  void RemoveDetached(Holder& holder);

 private:
  void GiveUpOldest();

  const int64_t bytes_;
  const std::shared_ptr<LoopTelemetry> telemetry_;
  int64_t held_ = 0;
  std::list<Holder*> detached_;  // longest first
  Holder* giving_up_ = nullptr;
  RoomQueue room_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_SESSION_BUDGET_H_
