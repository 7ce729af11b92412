// FrameLog holds the messages to a package:sse client: those that no stream has taken yet, and the
// newest of those that one has. A connection that dies takes with it what it had been given, and
// the client says with Last-Event-ID how far it had come.

#ifndef RUNNEL_RUNTIME_SSE_FRAME_LOG_H_
#define RUNNEL_RUNTIME_SSE_FRAME_LOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace runnel {

// Its ids are "<epoch>-<number>": those of another log, of a server before a restart, do not count.
// Not thread-safe.
class FrameLog {
 public:
  // Keeps about `max_kept_bytes` of what has been written. `epoch`: [A-Za-z0-9]+.
  FrameLog(std::string epoch, size_t max_kept_bytes);

  // Adds a message, of any text.
  void Append(std::string_view text);

  // A block without data that tells the client where it is: one that keeps ids has one then.
  std::string Position() const;
  // Appends what is to be written next: at least one message, if there is one, and no more when
  // `out` has `enough` bytes. What was taken before has been written.
  void Take(size_t enough, std::string& out);

  // Goes on behind the message with this id, for a new stream. False when some behind it are not
  // kept any more: then it goes on with those that are. Of an id that is not from this log it goes
  // on behind what has been written.
  bool GoOnBehind(std::string_view id);
  // Goes on at the beginning. False likewise.
  bool GoOnAtStart() { return GoOnAt(0); }
  // Goes on behind what has been written: what was taken, and not written, is taken again.
  void GoOn() { GoOnAt(written_); }

  size_t untaken() const { return frames_.size() - (taken_ - first_); }
  size_t untaken_bytes() const { return bytes_ - taken_bytes_; }
  size_t bytes() const { return bytes_; }

 private:
  bool GoOnAt(uint64_t number);
  std::optional<uint64_t> NumberOf(std::string_view id) const;
  void Trim();

  std::string epoch_;
  size_t max_kept_bytes_;
  std::deque<std::string> frames_;
  uint64_t first_ = 0;    // the number of frames_[0]
  uint64_t taken_ = 0;    // the number of the first that was not taken
  uint64_t written_ = 0;  // likewise, written
  uint64_t given_ = 0;    // the most that was ever taken
  size_t bytes_ = 0;
  size_t taken_bytes_ = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SSE_FRAME_LOG_H_
