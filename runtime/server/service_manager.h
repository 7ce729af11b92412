// What a program tells the service manager that has started it: systemd, or another one with its
// protocol (sd_notify(3)). Without a library: it is one datagram.

#ifndef RUNNEL_RUNTIME_SERVER_SERVICE_MANAGER_H_
#define RUNNEL_RUNTIME_SERVER_SERVICE_MANAGER_H_

#include <string_view>

#include "absl/time/time.h"

namespace runnel {

// Sends `state` ("READY=1", or several such lines) to the socket that NOTIFY_SOCKET names. Returns
// whether somebody has got it: nobody, as a rule, where a person has started the program.
// Thread-safe.
bool NotifyServiceManager(std::string_view state);

// How often the service manager wants to hear "WATCHDOG=1" at least (WATCHDOG_USEC); infinite where
// it does not, or where another process is meant.
absl::Duration WatchdogInterval();

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_SERVICE_MANAGER_H_
