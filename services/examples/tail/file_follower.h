// FileFollower reads a file line by line, waits for nothing, and goes on later where it
// stopped: with what was appended, from the start when the file was cut short, and with the new
// file when the old one was moved away (log rotation).

#ifndef SERVICES_EXAMPLES_TAIL_FILE_FOLLOWER_H_
#define SERVICES_EXAMPLES_TAIL_FILE_FOLLOWER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/examples/shared/file_descriptor.h"
#include "services/examples/shared/root_directory.h"
#include "services/examples/tail/tail.pb.h"

namespace examples::tail {

// A place in a file, as "<file>-<offset>": `file` is a name that no other file has had at that
// path.
struct FilePosition {
  std::string file;
  int64_t offset = 0;

  std::string ToId() const;
  // INVALID_ARGUMENT when `id` did not come from ToId.
  static absl::StatusOr<FilePosition> FromId(std::string_view id);
};

// Not thread-safe. Every function may block on the disk.
class FileFollower {
 public:
  // `root` outlives the follower.
  FileFollower(const RootDirectory& root, std::string path);

  // Before the first ReadMore: where to begin. OUT_OF_RANGE when the file is not that long.
  absl::Status StartAt(int64_t offset);
  // The same for a client that comes back: from the start when that file is no longer there.
  absl::Status ResumeAt(const FilePosition& position);

  // The next lines, about 64 KiB of them at most; none when there is nothing new.
  absl::StatusOr<std::vector<v1::Line>> ReadMore();
  // What stands after the last line end, if there is anything: for readers who do not wait for the
  // rest.
  std::optional<v1::Line> TakeRest();

 private:
  absl::Status Open();
  absl::StatusOr<size_t> ReadPiece();
  // Goes over to the file that has the path now, if it is another one. True if so.
  bool SwitchToNewFile(std::vector<v1::Line>& lines);
  void Restart();
  void CutLines(std::vector<v1::Line>& lines);
  v1::Line TakeAll();
  // So many bytes of unread_ as a line, and the position moved behind them and the line end. The
  // caller takes them out of unread_.
  v1::Line Take(size_t start, size_t bytes, size_t line_end);

  const RootDirectory& root_;
  const std::string path_;
  FileDescriptor file_;
  FilePosition position_;   // of the first byte of unread_
  std::string unread_;      // read from the file, and not yet handed out
  bool restarted_ = false;  // the next line is the first after a restart
};

}  // namespace examples::tail

#endif  // SERVICES_EXAMPLES_TAIL_FILE_FOLLOWER_H_
