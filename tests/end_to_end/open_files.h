// Room for many connections.

#ifndef RUNNEL_TESTS_END_TO_END_OPEN_FILES_H_
#define RUNNEL_TESTS_END_TO_END_OPEN_FILES_H_

#include <sys/resource.h>

#include <cstdio>

namespace end_to_end {

// Lets this process have `count` files open. False, and says why, where it may not.
inline bool AllowOpenFiles(rlim_t count) {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= count) return true;
  limit.rlim_cur = count;
  if (limit.rlim_max >= count && setrlimit(RLIMIT_NOFILE, &limit) == 0) return true;
  std::fprintf(stderr, "%llu open files are needed; the hard limit (ulimit -Hn) is %llu\n",
               static_cast<unsigned long long>(count),
               static_cast<unsigned long long>(limit.rlim_max));
  return false;
}

}  // namespace end_to_end

#endif  // RUNNEL_TESTS_END_TO_END_OPEN_FILES_H_
