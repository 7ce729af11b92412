// RootDirectory is the part of the file system that a service shows to its clients. A path
// that comes from a client can name what lies below it, and nothing else: "..", absolute paths and
// symbolic links are refused, also when somebody moves directories about at the same time.

#ifndef SERVICES_EXAMPLES_SHARED_ROOT_DIRECTORY_H_
#define SERVICES_EXAMPLES_SHARED_ROOT_DIRECTORY_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/examples/shared/file_descriptor.h"

namespace examples {

// Thread-safe. Its functions touch the disk: call them where that is allowed.
class RootDirectory {
 public:
  static absl::StatusOr<RootDirectory> Open(const std::string& path);

  // `path` is relative and uses "/". INVALID_ARGUMENT for one that leaves the root or is something
  // else than a regular file, or a directory; NOT_FOUND and PERMISSION_DENIED as the system says.
  absl::StatusOr<FileDescriptor> OpenFile(std::string_view path) const;
  // An empty path is the root itself.
  absl::StatusOr<FileDescriptor> OpenDirectory(std::string_view path) const;

 private:
  explicit RootDirectory(FileDescriptor root) : root_(std::move(root)) {}
  absl::StatusOr<FileDescriptor> Walk(std::string_view path) const;

  FileDescriptor root_;
};

}  // namespace examples

#endif  // SERVICES_EXAMPLES_SHARED_ROOT_DIRECTORY_H_
