// The flags that all servers of the examples have.

#ifndef SERVICES_EXAMPLES_SHARED_SERVER_FLAGS_H_
#define SERVICES_EXAMPLES_SHARED_SERVER_FLAGS_H_

#include "runnel/server.h"

namespace examples {

// What they say, after ParseFlags.
runnel::ServerOptions ServerOptionsOfFlags();

}  // namespace examples

#endif  // SERVICES_EXAMPLES_SHARED_SERVER_FLAGS_H_
