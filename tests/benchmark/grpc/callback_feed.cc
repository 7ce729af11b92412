#include "tests/benchmark/grpc/callback_feed.h"

#include "tests/benchmark/ticks.h"

namespace runnel::benchmark {

class CallbackFeed::Follower final : public grpc::ServerWriteReactor<Tick> {
 public:
  Follower(CallbackFeed& feed, int payload_bytes)
      : feed_(feed), tick_(MakeTick(payload_bytes)), sequence_(feed.published_) {
    std::lock_guard lock(mutex_);
    Write();
  }

  // Something has been published.
  void Wake() {
    std::lock_guard lock(mutex_);
    if (!writing_) WriteNext();
  }
  void OnWriteDone(bool ok) override {
    std::lock_guard lock(mutex_);
    if (ok) return WriteNext();
    Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override {
    {
      std::lock_guard lock(feed_.mutex_);
      feed_.followers_.erase(this);
    }
    delete this;
  }

 private:
  void WriteNext() {
    writing_ = sequence_ < feed_.published_;
    if (!writing_) return;
    ++sequence_;
    Write();
  }
  void Write() {
    SetSequence(tick_, sequence_);
    grpc::WriteOptions options;
    if (sequence_ < feed_.published_ && sequence_ % feed_.gather_ != 0) options.set_buffer_hint();
    StartWrite(&tick_, options);
  }

  CallbackFeed& feed_;
  std::mutex mutex_;
  Tick tick_;
  int64_t sequence_;     // the last that was written
  bool writing_ = true;  // also when the stream is at its end
};

grpc::ServerWriteReactor<Tick>* CallbackFeed::Join(int payload_bytes) {
  std::lock_guard lock(mutex_);
  auto* follower = new Follower(*this, payload_bytes);
  followers_.insert(follower);
  return follower;
}

int64_t CallbackFeed::Publish(int messages) {
  std::lock_guard lock(mutex_);
  const int64_t last = published_ += messages;
  for (Follower* follower : followers_) follower->Wake();
  return last;
}

}  // namespace runnel::benchmark
