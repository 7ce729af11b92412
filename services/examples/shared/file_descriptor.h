// FileDescriptor owns an open file of the operating system and closes it.

#ifndef SERVICES_EXAMPLES_SHARED_FILE_DESCRIPTOR_H_
#define SERVICES_EXAMPLES_SHARED_FILE_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace examples {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }

  int get() const { return fd_; }
  // Gives the file to a caller who closes it.
  int Release() { return std::exchange(fd_, -1); }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

}  // namespace examples

#endif  // SERVICES_EXAMPLES_SHARED_FILE_DESCRIPTOR_H_
