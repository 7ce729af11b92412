#include "runtime/session/frame_queue.h"

#include <algorithm>
#include <utility>

#include "runtime/wire/frame_codec.h"

namespace runnel {

namespace {

// What a frame costs beside its bytes.
constexpr size_t kFrameOverhead = 40;

}  // namespace

size_t FrameQueue::StoredFrame::size() const { return bytes.size() + kFrameOverhead; }

uint64_t FrameQueue::Append(const Frame& frame) {
  StoredFrame stored;
  stored.has_message = CarriesMessage(frame);
  EncodeFrame(codec_, frame, stored.bytes);
  bytes_ += stored.size();
  unposted_bytes_ += stored.size();
  if (stored.has_message) message_bytes_ += stored.size();
  frames_.push_back(std::move(stored));
  return last_appended();
}

void FrameQueue::MarkPosted(uint64_t seq) {
  for (; posted_ < seq; ++posted_) {
    unposted_bytes_ -= frames_[posted_ - acknowledged_].size();
  }
}

FrameQueue::Batch FrameQueue::After(uint64_t seq, size_t max_bytes, uint64_t last) const {
  const uint64_t before = std::max(seq, acknowledged_);
  Batch batch;
  batch.first = before + 1;
  for (size_t i = before - acknowledged_; i < frames_.size(); ++i) {
    const StoredFrame& frame = frames_[i];
    if (before + batch.count >= last) break;
    if (batch.count > 0 && batch.frames.size() + frame.bytes.size() > max_bytes) break;
    if (batch.count > 0 && codec_ == Codec::kJson) batch.frames += ',';
    batch.frames += frame.bytes;
    ++batch.count;
  }
  batch.last = before + batch.count;
  return batch;
}

void FrameQueue::Acknowledge(uint64_t seq) {
  MarkPosted(std::min(seq, last_appended()));
  while (acknowledged_ < seq && !frames_.empty()) {
    bytes_ -= frames_.front().size();
    if (frames_.front().has_message) message_bytes_ -= frames_.front().size();
    frames_.pop_front();
    ++acknowledged_;
  }
}

}  // namespace runnel
