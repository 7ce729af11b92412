// FileLogSink writes a log to a file, or to standard error, by a thread of its own.

#ifndef RUNNEL_FILE_LOG_SINK_H_
#define RUNNEL_FILE_LOG_SINK_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/statusor.h"
#include "runnel/log_sink.h"

namespace runnel {

// Thread-safe. Lines that the disk, or whoever reads standard error, does not take in time wait in
// memory. When there is no room for more, or the disk is full, lines are dropped, whole ones; when
// there is room again a line says how many:
//
//   level=warn event=log_dropped lines=17
//
// A file that was moved away or deleted (logrotate) is made anew.
class FileLogSink final : public LogSink {
 public:
  struct Options {
    Options() = default;
    // What may wait, in bytes.
    size_t max_waiting_bytes = 4 * 1024 * 1024;
    // Whether the line about dropped lines is JSON.
    bool json = false;
  };

  // Appends to the file, which is made if need be, for its owner to read. An error names it.
  static absl::StatusOr<std::unique_ptr<FileLogSink>> Open(std::string path,
                                                           const Options& options);
  // To a descriptor that stays open, such as 2.
  FileLogSink(int descriptor, const Options& options);
  // Writes what still waits, but waits no more for a reader than a second.
  ~FileLogSink() override;

  void Write(std::string_view line) override;

  // Returns when everything so far is written, or dropped.
  void Flush();

  uint64_t dropped_lines() const;

 private:
  FileLogSink(std::string path, int descriptor, const Options& options);
  void Run();
  // The lines of `batch`; what cannot be written is dropped.
  void WriteOut(std::string_view batch);
  bool WaitUntilWritable();
  void ReopenIfMoved();
  void CountDropped(uint64_t lines);
  std::string DroppedLine(uint64_t lines) const;

  const std::string path_;  // empty for a descriptor of others
  const Options options_;
  // Of the thread, once it runs.
  int descriptor_;
  bool torn_ = false;  // the last that was written is no whole line

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable written_;
  bool writing_ = false;
  std::string waiting_;
  uint64_t dropped_ = 0;
  uint64_t unreported_ = 0;  // of those
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace runnel

#endif  // RUNNEL_FILE_LOG_SINK_H_
