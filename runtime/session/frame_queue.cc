#include "runtime/session/frame_queue.h"

#include <utility>

#include "runtime/wire/frame_codec.h"

namespace runnel {

void FrameQueue::Append(const Frame& frame, size_t charge) {
  StoredFrame stored;
  stored.charge = charge;
  EncodeFrame(codec_, frame, stored.bytes);
  bytes_ += stored.bytes.size();
  frames_.push_back(std::move(stored));
}

FrameQueue::Batch FrameQueue::Unacknowledged(size_t max_bytes) const {
  Batch batch;
  batch.first = acknowledged_ + 1;
  for (const StoredFrame& frame : frames_) {
    if (batch.count > 0 && batch.frames.size() + frame.bytes.size() > max_bytes) break;
    if (batch.count > 0 && codec_ == Codec::kJson) batch.frames += ',';
    batch.frames += frame.bytes;
    ++batch.count;
  }
  batch.last = acknowledged_ + batch.count;
  return batch;
}

size_t FrameQueue::Acknowledge(uint64_t seq) {
  size_t freed = 0;
  while (acknowledged_ < seq && !frames_.empty()) {
    freed += frames_.front().charge;
    bytes_ -= frames_.front().bytes.size();
    frames_.pop_front();
    ++acknowledged_;
  }
  return freed;
}

}  // namespace runnel
