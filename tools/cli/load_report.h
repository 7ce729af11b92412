// What a Load has found, for people and for programs.

#ifndef TOOLS_CLI_LOAD_REPORT_H_
#define TOOLS_CLI_LOAD_REPORT_H_

#include <cstdint>
#include <string>

#include "tools/cli/load.h"
#include "tools/cli/terminal.h"

namespace runnel::cli {

struct LoadTitle {
  LoadTitle() = default;

  std::string method;
  double rate = 0;
  uint64_t callers = 0;
  bool streams = false;  // the first message of a call has a time of its own
};

std::string ReportForPeople(const LoadResult& result, const LoadTitle& title,
                            const Terminal& terminal);
// One line. Times are in milliseconds.
std::string ReportJson(const LoadResult& result, const LoadTitle& title);

}  // namespace runnel::cli

#endif  // TOOLS_CLI_LOAD_REPORT_H_
