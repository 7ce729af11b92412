#include "runtime/core/file_comments.h"

#include <atomic>

namespace runnel {
namespace {

// Set before any constructor runs, so that those of other files can push to it.
constinit std::atomic<const FileComments*> newest{nullptr};

}  // namespace

FileComments::FileComments(std::string_view path, std::string_view source_code_info)
    : path_(path), source_code_info_(source_code_info) {
  next_ = newest.load(std::memory_order_relaxed);
  while (!newest.compare_exchange_weak(next_, this, std::memory_order_release)) {
  }
}

std::string_view FileComments::Of(std::string_view path) {
  for (const auto* file = newest.load(std::memory_order_acquire); file != nullptr;
       file = file->next_) {
    if (file->path_ == path) return file->source_code_info_;
  }
  return {};
}

}  // namespace runnel
