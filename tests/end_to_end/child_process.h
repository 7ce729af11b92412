// ChildProcess is a program that a test has started, and ends by its process id.

#ifndef RUNNEL_TESTS_END_TO_END_CHILD_PROCESS_H_
#define RUNNEL_TESTS_END_TO_END_CHILD_PROCESS_H_

#include <sys/types.h>

#include <cstdio>
#include <string>
#include <vector>

namespace end_to_end {

// Used from one thread. The child is killed at the latest with this object.
class ChildProcess {
 public:
  // `argv[0]` is the path of the program. `inherit`, where it is a file descriptor, is the child's
  // descriptor 3.
  explicit ChildProcess(std::vector<std::string> argv, int inherit = -1);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  void Kill();
  // False once it has ended.
  bool running();
  void Signal(int signal);
  // Waits for the end. The exit status; -1 when a signal has ended the child, or somebody has
  // waited before.
  int Wait();

  // The next line of its standard output; empty at its end.
  std::string ReadLine();

 private:
  pid_t pid_ = 0;
  FILE* output_ = nullptr;
};

}  // namespace end_to_end

#endif  // RUNNEL_TESTS_END_TO_END_CHILD_PROCESS_H_
