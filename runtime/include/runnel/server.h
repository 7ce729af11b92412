// Everything a program that serves needs beside its generated headers.

#ifndef RUNNEL_SERVER_H_
#define RUNNEL_SERVER_H_

#include "runtime/core/status_code.h"      // IWYU pragma: export
#include "runtime/core/status_details.h"   // IWYU pragma: export
#include "runtime/core/status_macros.h"    // IWYU pragma: export
#include "runtime/server/bearer_tokens.h"  // IWYU pragma: export
#include "runtime/server/server.h"         // IWYU pragma: export

#endif  // RUNNEL_SERVER_H_
