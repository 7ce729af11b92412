// ChannelState is what a program can know about a channel's session.

#ifndef RUNNEL_RUNTIME_CLIENT_CHANNEL_STATE_H_
#define RUNNEL_RUNTIME_CLIENT_CHANNEL_STATE_H_

#include <string_view>

#include "absl/status/status.h"

namespace runnel {

enum class ChannelState {
  kIdle,        // there is no session: no call has needed one, or the last was closed
  kConnecting,  // a session is being opened
  kConnected,   // its down-stream is there
  kResuming,    // the stream was lost; calls go on when another is there
  kLost,        // the session is over, and its calls with it; the next call opens another
};

struct ChannelStatus {
  ChannelState state = ChannelState::kIdle;
  // A proxy on the way holds responses back until they end, so they end often: everything works,
  // with more requests and some delay.
  bool polling = false;
  // For kResuming and kLost: why.
  absl::Status reason;
};

// "connected"
std::string_view ChannelStateName(ChannelState state);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_CHANNEL_STATE_H_
