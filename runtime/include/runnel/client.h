// Everything a program that calls needs beside its generated headers.

#ifndef RUNNEL_CLIENT_H_
#define RUNNEL_CLIENT_H_

#include "runtime/async/io_thread.h"      // IWYU pragma: export
#include "runtime/client/channel.h"       // IWYU pragma: export
#include "runtime/core/status_details.h"  // IWYU pragma: export
#include "runtime/core/status_macros.h"   // IWYU pragma: export

#endif  // RUNNEL_CLIENT_H_
