// Prints runnel(1), the manual page.

#include <cstdio>
#include <string>

#include "tools/cli/help_page.h"

int main() {
  const std::string page = runnel::cli::ManualPage();
  return std::fwrite(page.data(), 1, page.size(), stdout) == page.size() ? 0 : 1;
}
