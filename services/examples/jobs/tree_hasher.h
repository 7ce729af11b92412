// TreeHasher computes a SHA-256 over a directory tree, in pieces of work that are short enough to
// look up between them. First it counts, so that progress is a share of something, then it reads.

#ifndef SERVICES_EXAMPLES_JOBS_TREE_HASHER_H_
#define SERVICES_EXAMPLES_JOBS_TREE_HASHER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/examples/jobs/jobs.pb.h"
#include "services/examples/shared/file_descriptor.h"
#include "services/examples/shared/root_directory.h"

struct evp_md_ctx_st;  // EVP_MD_CTX of OpenSSL

namespace examples::jobs {

// SHA-256 of bytes that come in pieces.
class Sha256 {
 public:
  Sha256();
  void Update(const void* bytes, size_t size);
  // In hexadecimal. Then it is ready for another text.
  std::string Finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// Not thread-safe. Everything but the accessors blocks on the disk.
class TreeHasher {
 public:
  // `path` is a directory below `root`, which outlives the hasher.
  static absl::StatusOr<TreeHasher> Open(const RootDirectory& root, std::string path);

  // Does one piece of work: lists a directory, or reads up to `max_bytes` of a file. False when
  // there is nothing left to do. RESOURCE_EXHAUSTED for a tree of more than a million files.
  absl::StatusOr<bool> Step(size_t max_bytes);

  v1::Progress progress() const;
  // After Step has returned false; all but `elapsed`.
  v1::Result result() const { return result_; }

 private:
  TreeHasher(const RootDirectory& root, std::string path) : root_(&root), path_(std::move(path)) {}
  absl::Status ListDirectory(const std::string& directory);
  void BeginFile();
  void FinishFile();
  void Skip(const std::string& path);
  // `path` is relative to the tree.
  std::string BelowRoot(const std::string& path) const;

  const RootDirectory* root_;
  std::string path_;
  std::vector<std::string> directories_ = {""};  // that are still to be listed
  std::vector<std::string> files_;               // sorted once they are all known
  bool counted_ = false;
  int64_t bytes_total_ = 0;
  size_t next_file_ = 0;
  FileDescriptor file_;  // files_[next_file_], while it is being read
  std::vector<char> buffer_;
  Sha256 file_hash_;
  Sha256 tree_hash_;
  v1::Result result_;
};

}  // namespace examples::jobs

#endif  // SERVICES_EXAMPLES_JOBS_TREE_HASHER_H_
