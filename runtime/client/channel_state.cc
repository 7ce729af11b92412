#include "runtime/client/channel_state.h"

namespace runnel {

std::string_view ChannelStateName(ChannelState state) {
  switch (state) {
    case ChannelState::kIdle:
      return "idle";
    case ChannelState::kConnecting:
      return "connecting";
    case ChannelState::kConnected:
      return "connected";
    case ChannelState::kResuming:
      return "resuming";
    case ChannelState::kLost:
      return "lost";
  }
  return "unknown";
}

}  // namespace runnel
