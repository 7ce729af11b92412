#include "runtime/sse/frame_log.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"
#include "runtime/sse/dart_string.h"

namespace runnel {

FrameLog::FrameLog(std::string epoch, size_t max_kept_bytes)
    : epoch_(std::move(epoch)), max_kept_bytes_(max_kept_bytes) {}

void FrameLog::Append(std::string_view text) {
  // The id is how many messages the client has got with this one.
  std::string frame = absl::StrCat("id: ", epoch_, "-", first_ + frames_.size() + 1, "\ndata: ");
  AppendDartString(text, frame);
  frame += "\n\n";
  bytes_ += frame.size();
  frames_.push_back(std::move(frame));
}

std::string FrameLog::Position() const { return absl::StrCat("id: ", epoch_, "-", taken_, "\n\n"); }

void FrameLog::Take(size_t enough, std::string& out) {
  written_ = taken_;
  Trim();
  while (untaken() > 0 && out.size() < enough) {
    const std::string& frame = frames_[taken_ - first_];
    out += frame;
    taken_bytes_ += frame.size();
    ++taken_;
  }
  given_ = std::max(given_, taken_);
}

void FrameLog::Trim() {
  while (first_ < written_ && taken_bytes_ > max_kept_bytes_) {
    bytes_ -= frames_.front().size();
    taken_bytes_ -= frames_.front().size();
    frames_.pop_front();
    ++first_;
  }
}

std::optional<uint64_t> FrameLog::NumberOf(std::string_view id) const {
  uint64_t number = 0;
  if (id.size() <= epoch_.size() || !id.starts_with(epoch_) || id[epoch_.size()] != '-') {
    return std::nullopt;
  }
  const std::string_view digits = id.substr(epoch_.size() + 1);
  const bool plain = digits.find_first_not_of("0123456789") == digits.npos;
  if (!plain || !absl::SimpleAtoi(AbslView(digits), &number) || number > given_) {
    return std::nullopt;
  }
  return number;
}

bool FrameLog::GoOnBehind(std::string_view id) {
  const std::optional<uint64_t> number = NumberOf(id);
  if (number) return GoOnAt(*number);
  GoOn();
  return true;
}

bool FrameLog::GoOnAt(uint64_t number) {
  const bool kept = number >= first_;
  taken_ = kept ? number : first_;
  written_ = taken_;
  taken_bytes_ = 0;
  for (uint64_t i = first_; i < taken_; ++i) taken_bytes_ += frames_[i - first_].size();
  Trim();
  return kept;
}

}  // namespace runnel
