// Channel is a client's way to a server: make one per server, share it between stubs.

#ifndef RUNNEL_RUNTIME_CLIENT_CHANNEL_H_
#define RUNNEL_RUNTIME_CLIENT_CHANNEL_H_

#include <memory>
#include <string_view>
#include <vector>

#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/client/call_options.h"
#include "runtime/client/client_call.h"
#include "runtime/client/client_interceptor.h"
#include "runtime/core/codec.h"
#include "runtime/core/limits.h"
#include "runtime/http/http_message.h"

namespace runnel {

struct ChannelOptions {
  Codec codec = Codec::kProto;
  Route route = Route::kAuto;
  Limits limits;
  // Applied in order: the first sees a call first.
  std::vector<std::shared_ptr<ClientInterceptor>> interceptors;
  Clock* clock = nullptr;  // Clock::Real() where not set
};

// Thread-safe. Calls and connections live on `executor`'s loop, which must run on one thread and
// outlive the channel.
class Channel : public ChannelInterface {
 public:
  // A channel to "http://host:port". Connects when the first call needs it; a URL that
  // cannot be used is what every call returns (INVALID_ARGUMENT).
  static std::shared_ptr<Channel> Connect(Executor executor, std::string_view url,
                                          ChannelOptions options = {});
  // A channel over any HTTP client, such as the in-process one.
  static std::shared_ptr<Channel> Over(Executor executor, std::shared_ptr<HttpClient> http,
                                       ChannelOptions options = {});
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_CHANNEL_H_
