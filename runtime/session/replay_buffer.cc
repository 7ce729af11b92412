#include "runtime/session/replay_buffer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/wire/event_writer.h"
#include "runtime/wire/frame_codec.h"

namespace runnel {
namespace {

// Large enough to make the cost of an event small, small enough to leave soon.
constexpr size_t kEventBytes = 64 * 1024;

// What an event costs beside its bytes: its place in the queue, and the block that counts owners.
constexpr size_t kEventOverhead = 96;

}  // namespace

ReplayBuffer::ReplayBuffer(Codec codec, std::string epoch)
    : codec_(codec), epoch_(std::move(epoch)) {}

uint64_t ReplayBuffer::Append(const Frame& frame) {
  const size_t before = open_.size();
  if (codec_ == Codec::kJson && open_frames_ > 0) open_ += ',';
  EncodeFrame(codec_, frame, open_);
  const size_t added = open_.size() - before;
  (CarriesMessage(frame) ? message_bytes_ : control_bytes_) += added;
  (CarriesMessage(frame) ? open_message_bytes_ : open_control_bytes_) += added;
  unsent_bytes_ += added;
  ++open_frames_;
  ++appended_;
  if (open_.size() >= kEventBytes) Seal();
  return appended_;
}

void ReplayBuffer::Seal() {
  if (open_frames_ == 0) return;
  const std::string id = absl::StrCat(epoch_, "-", appended_);
  EventFields fields;
  fields.id = id;
  auto event = std::make_shared<std::string>();
  if (codec_ == Codec::kJson) {
    event->reserve(open_.size() + id.size() + kEventOverhead);
    BeginEvent(fields, *event);
    EncodeFrameBatch(codec_, std::nullopt, open_, *event);
    EndEvent(*event);
  } else {
    // Frames without anything around them are a batch.
    event->reserve(open_.size() * 4 / 3 + id.size() + kEventOverhead);
    AppendBase64Event(fields, open_, *event);
  }
  // What the event adds to its frames (base64, the fields around them) goes to the messages, where
  // there are any: they are what a window holds back.
  const size_t added = event->size() + kEventOverhead - open_.size();
  (open_message_bytes_ > 0 ? message_bytes_ : control_bytes_) += added;
  (open_message_bytes_ > 0 ? open_message_bytes_ : open_control_bytes_) += added;
  unsent_bytes_ += event->size() - open_.size();
  events_.push_back({appended_, open_message_bytes_, open_control_bytes_, std::move(event)});
  open_.clear();
  open_frames_ = 0;
  open_message_bytes_ = 0;
  open_control_bytes_ = 0;
}

std::shared_ptr<const std::string> ReplayBuffer::NextToSend() {
  if (sent_ == events_.size()) Seal();
  if (sent_ == events_.size()) return nullptr;
  unsent_bytes_ -= events_[sent_].bytes->size();
  last_sent_ = std::max(last_sent_, events_[sent_].last_seq);
  return events_[sent_++].bytes;
}

absl::Status ReplayBuffer::Acknowledge(uint64_t seq) {
  if (seq > last_sent_) {
    return absl::InvalidArgumentError(
        absl::StrCat("frame ", seq, " is acknowledged, but the last one sent is ", last_sent_));
  }
  while (!events_.empty() && events_.front().last_seq <= seq) {
    acknowledged_ = events_.front().last_seq;
    message_bytes_ -= events_.front().message_bytes;
    control_bytes_ -= events_.front().control_bytes;
    if (sent_ > 0) {
      --sent_;
    } else {
      unsent_bytes_ -= events_.front().bytes->size();  // it was to be sent again
    }
    events_.pop_front();
  }
  return absl::OkStatus();
}

absl::Status ReplayBuffer::Rewind(uint64_t seq) {
  if (seq < acknowledged_) {
    return absl::OutOfRangeError(absl::StrCat("frames after ", seq, " are wanted, but those up to ",
                                              acknowledged_, " have been released"));
  }
  if (seq > last_sent_) {
    return absl::OutOfRangeError(
        absl::StrCat("frames after ", seq, " are wanted, but the last one sent is ", last_sent_));
  }
  while (sent_ < events_.size() && events_[sent_].last_seq <= seq) {
    unsent_bytes_ -= events_[sent_++].bytes->size();
  }
  while (sent_ > 0 && events_[sent_ - 1].last_seq > seq) {
    --sent_;
    ++replayed_events_;
    unsent_bytes_ += events_[sent_].bytes->size();
  }
  return absl::OkStatus();
}

}  // namespace runnel
