// The files of the console's page: what services/console/build makes, in dist/.

#ifndef RUNNEL_SERVICES_CONSOLE_CONSOLE_FILES_H_
#define RUNNEL_SERVICES_CONSOLE_CONSOLE_FILES_H_

#include <span>

#include "tools/embed/embedded_file.h"

namespace runnel {

std::span<const EmbeddedFile> ConsoleFiles();

}  // namespace runnel

#endif  // RUNNEL_SERVICES_CONSOLE_CONSOLE_FILES_H_
