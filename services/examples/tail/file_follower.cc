#include "services/examples/tail/file_follower.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/examples/shared/utf8.h"

namespace examples::tail {
namespace {

constexpr size_t kPieceBytes = 64 * 1024;
constexpr size_t kMaxLineBytes = 64 * 1024;

struct FileFacts {
  std::string name;
  int64_t size = 0;
};

// The inode alone would do, were it not given to the next file as soon as this one is deleted.
absl::StatusOr<FileFacts> Inspect(const FileDescriptor& file) {
  struct statx facts;
  if (statx(file.get(), "", AT_EMPTY_PATH, STATX_INO | STATX_SIZE | STATX_BTIME, &facts) != 0) {
    return absl::ErrnoToStatus(errno, "statx");
  }
  std::string name = absl::StrCat(absl::Hex(facts.stx_ino));
  if ((facts.stx_mask & STATX_BTIME) != 0) {
    absl::StrAppend(&name, ".", absl::Hex(static_cast<uint64_t>(facts.stx_btime.tv_sec)), ".",
                    absl::Hex(facts.stx_btime.tv_nsec));
  }
  return FileFacts{std::move(name), static_cast<int64_t>(facts.stx_size)};
}

}  // namespace

std::string FilePosition::ToId() const { return absl::StrCat(file, "-", offset); }

absl::StatusOr<FilePosition> FilePosition::FromId(std::string_view id) {
  const size_t dash = id.find('-');
  FilePosition position;
  if (dash == 0 || dash == std::string_view::npos ||
      !absl::SimpleAtoi(std::string(id.substr(dash + 1)), &position.offset) ||
      position.offset < 0) {
    return absl::InvalidArgumentError("the last event id is not one that this method gives out");
  }
  position.file = std::string(id.substr(0, dash));
  return position;
}

FileFollower::FileFollower(const RootDirectory& root, std::string path)
    : root_(root), path_(std::move(path)) {}

absl::Status FileFollower::Open() {
  absl::StatusOr<FileDescriptor> file = root_.OpenFile(path_);
  if (!file.ok()) return file.status();
  absl::StatusOr<FileFacts> facts = Inspect(*file);
  if (!facts.ok()) return facts.status();
  file_ = *std::move(file);
  position_ = {facts->name, 0};
  return absl::OkStatus();
}

absl::Status FileFollower::StartAt(int64_t offset) {
  if (offset < 0) return absl::InvalidArgumentError("the offset is negative");
  if (absl::Status status = Open(); !status.ok()) return status;
  absl::StatusOr<FileFacts> facts = Inspect(file_);
  if (!facts.ok()) return facts.status();
  if (offset > facts->size) {
    return absl::OutOfRangeError(absl::StrCat(
        "offset ", offset, " is past the end of the file, which has ", facts->size, " bytes"));
  }
  position_.offset = offset;
  return absl::OkStatus();
}

absl::Status FileFollower::ResumeAt(const FilePosition& position) {
  if (absl::Status status = Open(); !status.ok()) return status;
  if (position.file == position_.file) {
    position_.offset = position.offset;  // past the end: ReadMore sees that the file was cut short
  } else {
    restarted_ = true;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Line>> FileFollower::ReadMore() {
  if (!file_.is_open()) {
    if (absl::Status status = Open(); !status.ok()) return status;
  }
  std::vector<v1::Line> lines;
  while (lines.empty()) {
    absl::StatusOr<FileFacts> facts = Inspect(file_);
    if (!facts.ok()) return facts.status();
    if (facts->size < position_.offset + static_cast<int64_t>(unread_.size())) Restart();
    absl::StatusOr<size_t> read = ReadPiece();
    if (!read.ok()) return read.status();
    if (*read == 0 && !SwitchToNewFile(lines)) break;
    CutLines(lines);
  }
  return lines;
}

std::optional<v1::Line> FileFollower::TakeRest() {
  if (unread_.empty()) return std::nullopt;
  v1::Line line = TakeAll();
  line.set_unfinished(true);
  return line;
}

absl::StatusOr<size_t> FileFollower::ReadPiece() {
  const size_t had = unread_.size();
  unread_.resize(had + kPieceBytes);
  const ssize_t read = pread(file_.get(), unread_.data() + had, kPieceBytes,
                             position_.offset + static_cast<int64_t>(had));
  unread_.resize(had + (read > 0 ? static_cast<size_t>(read) : 0));
  if (read < 0) return absl::ErrnoToStatus(errno, absl::StrCat("reading ", path_));
  return static_cast<size_t>(read);
}

bool FileFollower::SwitchToNewFile(std::vector<v1::Line>& lines) {
  absl::StatusOr<FileDescriptor> now = root_.OpenFile(path_);
  if (!now.ok()) return false;  // moved away, and no new one yet: go on with the old one
  absl::StatusOr<FileFacts> facts = Inspect(*now);
  if (!facts.ok() || facts->name == position_.file) return false;
  // Something may have been written to the old file just before it was moved.
  if (absl::StatusOr<size_t> read = ReadPiece(); read.ok() && *read > 0) return true;
  if (!unread_.empty()) lines.push_back(TakeAll());  // nobody will finish this line
  file_ = *std::move(now);
  position_ = {facts->name, 0};
  restarted_ = true;
  return true;
}

void FileFollower::Restart() {
  position_.offset = 0;
  unread_.clear();
  restarted_ = true;
}

void FileFollower::CutLines(std::vector<v1::Line>& lines) {
  size_t start = 0;
  while (true) {
    const size_t end = unread_.find('\n', start);
    if (end != std::string::npos && end - start <= kMaxLineBytes) {
      lines.push_back(Take(start, end - start, 1));
      start = end + 1;
    } else if (unread_.size() - start > kMaxLineBytes) {
      // Not in the middle of a character, which has up to four bytes.
      size_t cut = start + kMaxLineBytes;
      for (int i = 0; i < 3 && (unread_[cut] & 0xc0) == 0x80; ++i) --cut;
      lines.push_back(Take(start, cut - start, 0));
      lines.back().set_unfinished(true);
      start = cut;
    } else {
      unread_.erase(0, start);
      return;
    }
  }
}

v1::Line FileFollower::TakeAll() {
  v1::Line line = Take(0, unread_.size(), 0);
  unread_.clear();
  return line;
}

v1::Line FileFollower::Take(size_t start, size_t bytes, size_t line_end) {
  v1::Line line;
  std::string_view text = std::string_view(unread_).substr(start, bytes);
  if (line_end > 0 && !text.empty() && text.back() == '\r') text.remove_suffix(1);
  line.set_text(ToUtf8(text));
  line.set_offset(position_.offset);
  line.set_restarted(std::exchange(restarted_, false));
  position_.offset += static_cast<int64_t>(bytes + line_end);
  line.set_id(position_.ToId());
  return line;
}

}  // namespace examples::tail
