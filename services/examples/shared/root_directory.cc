#include "services/examples/shared/root_directory.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace examples {
namespace {

std::string Quoted(std::string_view path) {
  return absl::StrCat("\"", absl::CHexEscape(std::string(path)), "\"");
}

}  // namespace

absl::StatusOr<RootDirectory> RootDirectory::Open(const std::string& path) {
  FileDescriptor root(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.is_open()) return absl::ErrnoToStatus(errno, absl::StrCat("root directory ", path));
  return RootDirectory(std::move(root));
}

absl::StatusOr<FileDescriptor> RootDirectory::OpenFile(std::string_view path) const {
  if (path.empty()) return absl::InvalidArgumentError("no path given");
  absl::StatusOr<FileDescriptor> file = Walk(path);
  if (!file.ok()) return file;
  struct stat info;
  if (fstat(file->get(), &info) != 0) return absl::ErrnoToStatus(errno, Quoted(path));
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(Quoted(path), " is not a regular file"));
  }
  return file;
}

absl::StatusOr<FileDescriptor> RootDirectory::OpenDirectory(std::string_view path) const {
  absl::StatusOr<FileDescriptor> directory = Walk(path);
  if (!directory.ok()) return directory;
  struct stat info;
  if (fstat(directory->get(), &info) != 0) return absl::ErrnoToStatus(errno, Quoted(path));
  if (!S_ISDIR(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(Quoted(path), " is not a directory"));
  }
  return directory;
}

absl::StatusOr<FileDescriptor> RootDirectory::Walk(std::string_view path) const {
  if (path.find('\0') != std::string_view::npos || (!path.empty() && path.front() == '/')) {
    return absl::InvalidArgumentError(
        absl::StrCat("path ", Quoted(path), " is not relative to the server's root directory"));
  }
  // Step by step, so that no step can be a symbolic link. O_NONBLOCK: opening a FIFO would wait for
  // somebody who writes to it.
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  FileDescriptor at(openat(root_.get(), ".", kFlags | O_DIRECTORY));
  if (!at.is_open()) return absl::ErrnoToStatus(errno, "root directory");
  const std::vector<std::string> steps = absl::StrSplit(std::string(path), '/', absl::SkipEmpty());
  for (const std::string& step : steps) {
    if (step == ".") continue;
    if (step == "..") {
      return absl::InvalidArgumentError(
          absl::StrCat("path ", Quoted(path), " may not contain \"..\""));
    }
    FileDescriptor next(openat(at.get(), step.c_str(), kFlags));
    if (!next.is_open()) {
      if (errno == ELOOP) {
        return absl::InvalidArgumentError(
            absl::StrCat("path ", Quoted(path), ": ", Quoted(step),
                         " is a symbolic link, which is not followed"));
      }
      // ENXIO is a socket, or a device that is not there.
      if (errno == ENXIO) {
        return absl::InvalidArgumentError(absl::StrCat(Quoted(path), " is not a regular file"));
      }
      if (errno == ENOENT || errno == ENOTDIR) {
        return absl::NotFoundError(
            absl::StrCat("there is no ", Quoted(path), " below the server's root directory"));
      }
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", Quoted(path)));
    }
    at = std::move(next);
  }
  return at;
}

}  // namespace examples
