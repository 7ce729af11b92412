// Dart's package:sse: a server and a client of its protocol, and messages on top of its strings.

#ifndef RUNNEL_SSE_H_
#define RUNNEL_SSE_H_

#include "runtime/async/io_thread.h"     // IWYU pragma: export
#include "runtime/core/status_macros.h"  // IWYU pragma: export
#include "runtime/sse/sse_client.h"      // IWYU pragma: export
#include "runtime/sse/sse_handler.h"     // IWYU pragma: export
#include "runtime/sse/typed_channel.h"   // IWYU pragma: export

#endif  // RUNNEL_SSE_H_
