// An update of a job as one line for people.

#ifndef SERVICES_EXAMPLES_JOBS_UPDATE_TEXT_H_
#define SERVICES_EXAMPLES_JOBS_UPDATE_TEXT_H_

#include <string>

#include "services/examples/jobs/jobs.pb.h"

namespace examples::jobs {

// " 42 %  11 of 26 files, 1.2 MiB of 2.9 MiB  lib/x.so", or the result.
std::string OneLine(const v1::HashTreeUpdate& update);

}  // namespace examples::jobs

#endif  // SERVICES_EXAMPLES_JOBS_UPDATE_TEXT_H_
