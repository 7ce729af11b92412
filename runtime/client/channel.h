// Channel is a client's way to a server, or to several that serve the same: make one, share it
// between stubs.

#ifndef RUNNEL_RUNTIME_CLIENT_CHANNEL_H_
#define RUNNEL_RUNTIME_CLIENT_CHANNEL_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/async/awaitable.h"
#include "runtime/async/clock.h"
#include "runtime/client/call_options.h"
#include "runtime/client/channel_state.h"
#include "runtime/client/client_call.h"
#include "runtime/client/client_interceptor.h"
#include "runtime/client/credentials.h"
#include "runtime/client/direct_options.h"
#include "runtime/client/retry_policy.h"
#include "runtime/core/codec.h"
#include "runtime/core/compression.h"
#include "runtime/core/limits.h"
#include "runtime/http/http_message.h"
#include "runtime/http/tls_options.h"

namespace runnel {

struct ChannelOptions {
  // kConnect for servers that are not Runnel's: all calls are direct then.
  Protocol protocol = Protocol::kRunnel;
  Codec codec = Codec::kProto;
  Route route = Route::kAuto;
  // kGzip compresses the requests of direct calls that have `compress_min_bytes`, and lets servers
  // compress responses. Sessions and event streams are not compressed.
  Compression compression = Compression::kIdentity;
  size_t compress_min_bytes = kLeastCompressedBytes;
  // Makes direct unary calls of methods with NO_SIDE_EFFECTS by GET, so that caches can answer
  // them; those whose URL would exceed Limits::max_target_bytes go by POST.
  bool use_get = false;
  Limits limits;
  // Applied in order: the first sees a call first.
  std::vector<std::shared_ptr<ClientInterceptor>> interceptors;
  Credentials credentials;  // none where not set
  TlsClientOptions tls;     // for https
  RetryPolicy retry;
  // Told of every change of `status()`, on the channel's loop. Must not block.
  std::function<void(const ChannelStatus&)> on_status;
  Clock* clock = nullptr;  // Clock::Real() where not set
};

// Thread-safe. Calls and connections live on `executor`'s loop, which must run on one thread and
// outlive the channel.
//
// Of several servers the first that is well gets the calls; when it drains or cannot be reached,
// new calls go to the next, and those it is known not to have run are made again there.
class Channel : public ChannelInterface {
 public:
  // A channel to "http://host:port" or "https://host:port". Connects when the first call needs it;
  // a URL, or a file of `options.tls`, that cannot be used is what every call returns
  // (INVALID_ARGUMENT).
  static std::shared_ptr<Channel> Connect(Executor executor, std::string_view url,
                                          ChannelOptions options = {});
  static std::shared_ptr<Channel> Connect(Executor executor, const std::vector<std::string>& urls,
                                          ChannelOptions options = {});
  // A channel over any HTTP clients, such as the in-process one.
  static std::shared_ptr<Channel> Over(Executor executor, std::shared_ptr<HttpClient> http,
                                       ChannelOptions options = {});
  static std::shared_ptr<Channel> Over(Executor executor,
                                       std::vector<std::shared_ptr<HttpClient>> servers,
                                       ChannelOptions options = {});

  // What its session is doing. A channel whose calls are all direct stays kIdle.
  virtual ChannelStatus status() const = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_CHANNEL_H_
