// Event streams of any server.

#ifndef RUNNEL_EVENT_SOURCE_H_
#define RUNNEL_EVENT_SOURCE_H_

#include "runtime/async/io_thread.h"           // IWYU pragma: export
#include "runtime/client/any_event_decoder.h"  // IWYU pragma: export
#include "runtime/client/event_source.h"       // IWYU pragma: export
#include "runtime/client/event_sources.h"      // IWYU pragma: export
#include "runtime/client/event_stream.h"       // IWYU pragma: export
#include "runtime/client/message_types.h"      // IWYU pragma: export
#include "runtime/core/status_macros.h"        // IWYU pragma: export

#endif  // RUNNEL_EVENT_SOURCE_H_
