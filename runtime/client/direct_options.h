// DirectOptions are what a channel says of its direct calls, each of which is one HTTP exchange.

#ifndef RUNNEL_RUNTIME_CLIENT_DIRECT_OPTIONS_H_
#define RUNNEL_RUNTIME_CLIENT_DIRECT_OPTIONS_H_

#include <cstddef>

#include "runtime/async/clock.h"
#include "runtime/core/codec.h"
#include "runtime/core/compression.h"
#include "runtime/core/limits.h"

namespace runnel {

// What the server speaks. kRunnel: all of PROTOCOL.md. kConnect: the Connect protocol and nothing
// else, so that there are no sessions, and streams travel in envelopes.
enum class Protocol { kRunnel, kConnect };

struct DirectOptions {
  DirectOptions() = default;

  Protocol protocol = Protocol::kRunnel;
  Codec codec = Codec::kProto;
  // Of requests; responses may be compressed where requests are.
  Compression compression = Compression::kIdentity;
  size_t compress_min_bytes = kLeastCompressedBytes;
  bool use_get = false;
  Limits limits;
  Clock* clock = nullptr;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_DIRECT_OPTIONS_H_
