// A sample as one line for people.

#ifndef SERVICES_EXAMPLES_MONITOR_SAMPLE_TEXT_H_
#define SERVICES_EXAMPLES_MONITOR_SAMPLE_TEXT_H_

#include <string>

#include "services/examples/monitor/monitor.pb.h"

namespace examples::monitor {

// "12:00:01  box  cpu  3.1 %  load 0.42  memory 1.2 GiB of 23.5 GiB  network 1.1 KiB/s in …"
std::string OneLine(const v1::Sample& sample);

}  // namespace examples::monitor

#endif  // SERVICES_EXAMPLES_MONITOR_SAMPLE_TEXT_H_
