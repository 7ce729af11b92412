// Clients of HTTP APIs that a .proto describes by options, whoever serves them.

#ifndef RUNNEL_API_CHANNEL_H_
#define RUNNEL_API_CHANNEL_H_

#include "runtime/async/io_thread.h"      // IWYU pragma: export
#include "runtime/client/api_channel.h"   // IWYU pragma: export
#include "runtime/core/status_details.h"  // IWYU pragma: export
#include "runtime/core/status_macros.h"   // IWYU pragma: export

#endif  // RUNNEL_API_CHANNEL_H_
