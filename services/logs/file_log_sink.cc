#include "runnel/file_log_sink.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

// How long a reader of a pipe may take before it is asked whether the sink is to end.
constexpr int kPollMs = 1000;

int OpenForAppend(const std::string& path) {
  return open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

uint64_t CountLines(std::string_view text) {
  return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileLogSink>> FileLogSink::Open(std::string path,
                                                               const Options& options) {
  const int descriptor = OpenForAppend(path);
  if (descriptor < 0) {
    const int error = errno;
    const std::string message =
        absl::StrCat("cannot write the log \"", path, "\": ", std::strerror(error));
    if (error == EACCES || error == EPERM || error == EROFS) {
      return absl::PermissionDeniedError(message);
    }
    return absl::InvalidArgumentError(message);
  }
  return std::unique_ptr<FileLogSink>(new FileLogSink(std::move(path), descriptor, options));
}

FileLogSink::FileLogSink(int descriptor, const Options& options)
    : FileLogSink(std::string(), descriptor, options) {}

FileLogSink::FileLogSink(std::string path, int descriptor, const Options& options)
    : path_(std::move(path)), options_(options), descriptor_(descriptor) {
  thread_ = std::thread([this] { Run(); });
}

FileLogSink::~FileLogSink() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
  if (!path_.empty()) close(descriptor_);
}

void FileLogSink::Write(std::string_view line) {
  {
    std::lock_guard lock(mutex_);
    if (waiting_.size() + line.size() > options_.max_waiting_bytes) {
      ++dropped_;
      ++unreported_;
      return;
    }
    const bool idle = waiting_.empty();
    waiting_.append(line);
    if (!idle) return;  // the thread has been woken
  }
  changed_.notify_one();
}

void FileLogSink::Flush() {
  std::unique_lock lock(mutex_);
  written_.wait(lock, [this] { return waiting_.empty() && !writing_; });
}

uint64_t FileLogSink::dropped_lines() const {
  std::lock_guard lock(mutex_);
  return dropped_;
}

void FileLogSink::CountDropped(uint64_t lines) {
  std::lock_guard lock(mutex_);
  dropped_ += lines;
  unreported_ += lines;
}

std::string FileLogSink::DroppedLine(uint64_t lines) const {
  return options_.json
             ? absl::StrCat(R"({"level":"warn","event":"log_dropped","lines":)", lines, "}\n")
             : absl::StrCat("level=warn event=log_dropped lines=", lines, "\n");
}

void FileLogSink::Run() {
  // A reader that is gone is an error of write; signals are for other threads.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::string batch;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    batch.assign(torn_ ? "\n" : "");
    batch.append(waiting_);
    waiting_.clear();
    writing_ = true;
    const uint64_t unreported = std::exchange(unreported_, 0);
    lock.unlock();
    if (unreported > 0) batch += DroppedLine(unreported);
    ReopenIfMoved();
    WriteOut(batch);
    lock.lock();
    writing_ = false;
    if (waiting_.empty()) written_.notify_all();
  }
}

void FileLogSink::WriteOut(std::string_view batch) {
  while (!batch.empty()) {
    // A pipe that is said to be writable takes so much without waiting.
    const size_t most = path_.empty() ? PIPE_BUF : batch.size();
    const bool ready = !path_.empty() || WaitUntilWritable();
    const ssize_t written =
        ready ? write(descriptor_, batch.data(), std::min(most, batch.size())) : -1;
    if (written > 0) {
      torn_ = batch[static_cast<size_t>(written) - 1] != '\n';
      batch.remove_prefix(static_cast<size_t>(written));
    } else if (!ready || (errno != EINTR && errno != EAGAIN)) {
      // The disk is full, or the reader is gone. What comes later may have better luck.
      return CountDropped(CountLines(batch));
    }
  }
}

bool FileLogSink::WaitUntilWritable() {
  while (true) {
    pollfd waited{descriptor_, POLLOUT, 0};
    if (poll(&waited, 1, kPollMs) > 0) return true;
    std::lock_guard lock(mutex_);
    if (stopping_) return false;
  }
}

void FileLogSink::ReopenIfMoved() {
  if (path_.empty()) return;
  struct stat named;
  struct stat own;
  const bool same = stat(path_.c_str(), &named) == 0 && fstat(descriptor_, &own) == 0 &&
                    named.st_dev == own.st_dev && named.st_ino == own.st_ino;
  if (same) return;
  // Where that is not possible the old one is better than none.
  const int descriptor = OpenForAppend(path_);
  if (descriptor < 0) return;
  close(descriptor_);
  descriptor_ = descriptor;
}

}  // namespace runnel
