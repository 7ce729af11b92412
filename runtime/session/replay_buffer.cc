#include "runtime/session/replay_buffer.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/wire/event_writer.h"
#include "runtime/wire/frame_codec.h"

namespace runnel {
namespace {

// Large enough to make the cost of an event small, small enough to leave soon.
constexpr size_t kEventBytes = 64 * 1024;

}  // namespace

ReplayBuffer::ReplayBuffer(Codec codec, std::string epoch)
    : codec_(codec), epoch_(std::move(epoch)) {}

uint64_t ReplayBuffer::Append(const Frame& frame, size_t charge) {
  if (codec_ == Codec::kJson && open_frames_ > 0) open_ += ',';
  EncodeFrame(codec_, frame, open_);
  ++open_frames_;
  open_charge_ += charge;
  ++appended_;
  if (open_.size() >= kEventBytes) Seal();
  return appended_;
}

void ReplayBuffer::Seal() {
  if (open_frames_ == 0) return;
  std::string batch;
  EncodeFrameBatch(codec_, std::nullopt, open_, batch);
  const std::string id = absl::StrCat(epoch_, "-", appended_);
  EventFields fields;
  fields.id = id;
  auto event = std::make_shared<std::string>();
  if (codec_ == Codec::kJson) {
    AppendEvent(fields, batch, *event);
  } else {
    AppendBase64Event(fields, batch, *event);
  }
  bytes_ += event->size();
  events_.push_back({appended_, open_charge_, std::move(event)});
  open_.clear();
  open_frames_ = 0;
  open_charge_ = 0;
}

std::shared_ptr<const std::string> ReplayBuffer::NextToSend() {
  if (sent_ == events_.size()) Seal();
  if (sent_ == events_.size()) return nullptr;
  return events_[sent_++].bytes;
}

absl::StatusOr<size_t> ReplayBuffer::Acknowledge(uint64_t seq) {
  const uint64_t last_sent = sent_ > 0 ? events_[sent_ - 1].last_seq : acknowledged_;
  if (seq > last_sent) {
    return absl::InvalidArgumentError(
        absl::StrCat("frame ", seq, " is acknowledged, but the last one sent is ", last_sent));
  }
  size_t freed = 0;
  while (!events_.empty() && events_.front().last_seq <= seq) {
    acknowledged_ = events_.front().last_seq;
    freed += events_.front().charge;
    bytes_ -= events_.front().bytes->size();
    events_.pop_front();
    --sent_;
  }
  return freed;
}

absl::Status ReplayBuffer::Rewind(uint64_t seq) {
  if (seq < acknowledged_) {
    return absl::OutOfRangeError(absl::StrCat("frames after ", seq, " are wanted, but those up to ",
                                              acknowledged_, " have been released"));
  }
  const uint64_t last_sent = sent_ > 0 ? events_[sent_ - 1].last_seq : acknowledged_;
  if (seq > last_sent) {
    return absl::OutOfRangeError(
        absl::StrCat("frames after ", seq, " are wanted, but the last one sent is ", last_sent));
  }
  sent_ = 0;
  while (sent_ < events_.size() && events_[sent_].last_seq <= seq) ++sent_;
  return absl::OkStatus();
}

}  // namespace runnel
