#include "services/examples/jobs/tree_hasher.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/examples/shared/utf8.h"

namespace examples::jobs {
namespace {

constexpr size_t kMaxFiles = 1'000'000;
constexpr int kMaxSkippedNamed = 100;

std::string ToHex(const unsigned char* bytes, size_t size) {
  std::string hex;
  for (size_t i = 0; i < size; ++i) absl::StrAppend(&hex, absl::Hex(bytes[i], absl::kZeroPad2));
  return hex;
}

// The line that sha256sum prints: it marks names with a line end or a backslash by a backslash.
std::string ChecksumLine(const std::string& hex, const std::string& name) {
  const std::string escaped =
      absl::StrReplaceAll(name, {{"\\", "\\\\"}, {"\n", "\\n"}, {"\r", "\\r"}});
  return absl::StrCat(escaped == name ? "" : "\\", hex, "  ./", escaped, "\n");
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (context_ == nullptr || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) {
    std::abort();  // no memory, or an OpenSSL without SHA-256
  }
}

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

void Sha256::Update(const void* bytes, size_t size) {
  EVP_DigestUpdate(context_.get(), bytes, size);
}

std::string Sha256::Finish() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(context_.get(), digest, &size);
  EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  return ToHex(digest, size);
}

absl::StatusOr<TreeHasher> TreeHasher::Open(const RootDirectory& root, std::string path) {
  absl::StatusOr<FileDescriptor> directory = root.OpenDirectory(path);
  if (!directory.ok()) return directory.status();
  return TreeHasher(root, std::move(path));
}

absl::StatusOr<bool> TreeHasher::Step(size_t max_bytes) {
  if (!directories_.empty()) {
    const std::string directory = std::move(directories_.back());
    directories_.pop_back();
    if (absl::Status status = ListDirectory(directory); !status.ok()) return status;
    return true;
  }
  if (!counted_) {
    std::sort(files_.begin(), files_.end());
    counted_ = true;
  }
  if (next_file_ == files_.size()) {
    if (result_.sha256().empty()) result_.set_sha256(tree_hash_.Finish());
    return false;
  }
  if (!file_.is_open()) {
    BeginFile();
    return true;
  }
  buffer_.resize(max_bytes);
  const ssize_t size = read(file_.get(), buffer_.data(), buffer_.size());
  if (size > 0) {
    file_hash_.Update(buffer_.data(), static_cast<size_t>(size));
    result_.set_bytes(result_.bytes() + size);
  } else if (size == 0) {
    FinishFile();
  } else if (errno != EINTR) {
    file_hash_.Finish();
    Skip(files_[next_file_++]);
    file_ = FileDescriptor();
  }
  return true;
}

absl::Status TreeHasher::ListDirectory(const std::string& directory) {
  absl::StatusOr<FileDescriptor> opened = root_->OpenDirectory(BelowRoot(directory));
  DIR* listing = opened.ok() ? fdopendir(opened->get()) : nullptr;
  if (listing == nullptr) {
    Skip(directory);
    return absl::OkStatus();
  }
  opened->Release();  // closedir closes it
  absl::Status status;
  while (dirent* entry = readdir(listing)) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const std::string path = directory.empty() ? name : absl::StrCat(directory, "/", name);
    struct stat facts;
    if (fstatat(dirfd(listing), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0) {
      Skip(path);
    } else if (S_ISDIR(facts.st_mode)) {
      directories_.push_back(path);
    } else if (S_ISREG(facts.st_mode)) {
      files_.push_back(path);
      bytes_total_ += facts.st_size;
    }
    if (files_.size() + directories_.size() > kMaxFiles) {
      status = absl::ResourceExhaustedError(absl::StrCat(
          "more than ", kMaxFiles, " files and directories: hash a smaller part of the tree"));
      break;
    }
  }
  closedir(listing);
  return status;
}

void TreeHasher::BeginFile() {
  absl::StatusOr<FileDescriptor> file = root_->OpenFile(BelowRoot(files_[next_file_]));
  if (file.ok()) {
    file_ = *std::move(file);
  } else {
    Skip(files_[next_file_++]);
  }
}

void TreeHasher::FinishFile() {
  const std::string line = ChecksumLine(file_hash_.Finish(), files_[next_file_++]);
  tree_hash_.Update(line.data(), line.size());
  result_.set_files(result_.files() + 1);
  file_ = FileDescriptor();
}

void TreeHasher::Skip(const std::string& path) {
  result_.set_skipped(result_.skipped() + 1);
  if (result_.skipped_paths_size() < kMaxSkippedNamed) {
    result_.add_skipped_paths(ToUtf8(path.empty() ? "." : path));
  }
}

std::string TreeHasher::BelowRoot(const std::string& path) const {
  return path_.empty() ? path : absl::StrCat(path_, "/", path);
}

v1::Progress TreeHasher::progress() const {
  v1::Progress progress;
  progress.set_files_done(result_.files());
  progress.set_bytes_done(result_.bytes());
  progress.set_files_total(static_cast<int64_t>(files_.size()));
  progress.set_bytes_total(bytes_total_);
  progress.set_counted(counted_);
  if (file_.is_open()) progress.set_file(ToUtf8(files_[next_file_]));
  return progress;
}

}  // namespace examples::jobs
