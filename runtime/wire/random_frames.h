// RandomFrames makes up frames, and damages bytes, for tests. Each has a seed of its own, which the
// test prints.

#ifndef RUNNEL_RUNTIME_WIRE_RANDOM_FRAMES_H_
#define RUNNEL_RUNTIME_WIRE_RANDOM_FRAMES_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "nlohmann/json.hpp"
#include "runtime/core/codec.h"
#include "runtime/core/status_details.h"
#include "runtime/wire/frame_codec.h"

namespace runnel {

class RandomFrames {
 public:
  explicit RandomFrames(Codec codec) : codec_(codec) {}

  uint32_t seed() const { return seed_; }

  uint64_t Number() {
    return random_() % 4 == 0 ? 0 : random_() & ((uint64_t{1} << (1 + random_() % 53)) - 1);
  }
  bool Flip() { return random_() % 2 == 0; }
  std::string Bytes() {
    std::string bytes(random_() % 4 == 0 ? 0 : random_() % 200, '\0');
    for (char& c : bytes) c = static_cast<char>(random_());
    return bytes;
  }
  std::string Text() {
    std::string text;
    for (size_t i = random_() % 12; i > 0; --i) {
      constexpr std::string_view kPieces[] = {"a", "\"", "\\", "\n", "ü", "😀", "\x01", "/"};
      text += kPieces[random_() % std::size(kPieces)];
    }
    return text;
  }

  Frame Next() {
    Frame frame;
    frame.call = Number();
    switch (random_() % 10) {
      case 0:
        frame.kind = OpenFrame{Text(), Entries(), Number(), MaybeMessage(), Flip()};
        break;
      case 1:
        frame.kind = HeaderFrame{Entries()};
        break;
      case 2:
        frame.kind = Message();
        break;
      case 3:
        frame.kind = HalfCloseFrame();
        break;
      case 4:
        frame.kind = EndFrame{Status(), Entries(), MaybeMessage()};
        break;
      case 5:
        frame.kind = CancelFrame();
        break;
      case 6:
        frame.kind = CreditFrame{Number()};
        break;
      case 7:
        frame.kind = PingFrame();
        break;
      case 8:
        frame.kind = PongFrame();
        break;
      default:
        frame.kind = GoAwayFrame{Number(), Text(), Number(), Number()};
    }
    return frame;
  }

  std::vector<Frame> Frames() {
    std::vector<Frame> frames(random_() % 5);
    for (Frame& frame : frames) frame = Next();
    return frames;
  }

  FrameBatch::SessionInfo Session() {
    return {Text(),   static_cast<uint32_t>(Number()),
            Text(),   Number(),
            Number(), Number(),
            Number(), Number(),
            Number(), Number(),
            Number(), Number(),
            Number()};
  }

  // Changes `bytes` a little.
  void Mutate(std::string& bytes) {
    for (int edits = random_() % 4; edits >= 0 && !bytes.empty(); --edits) {
      const size_t at = random_() % bytes.size();
      switch (random_() % 5) {
        case 0:
          bytes.erase(at, 1 + random_() % 4);
          break;
        case 1:
          bytes.insert(at, 1, static_cast<char>(random_()));
          break;
        case 2:
          bytes.resize(at);
          break;
        default:
          bytes[at] = static_cast<char>(random_());
      }
    }
  }

 private:
  Metadata Entries() {
    Metadata metadata;
    for (size_t i = random_() % 4; i > 0; --i) {
      Flip() ? metadata.Add("k", Text()) : metadata.Add("k-bin", Bytes());
    }
    return metadata;
  }
  MessageFrame Message() {
    MessageFrame message;
    message.size = Number();
    message.part = Flip();
    if (message.part) {
      message.payload = "x" + Bytes();
      message.more = Flip();
    } else {
      message.payload = codec_ == Codec::kProto ? Bytes() : nlohmann::json{{"text", Text()}}.dump();
    }
    return message;
  }
  std::optional<MessageFrame> MaybeMessage() {
    return Flip() ? std::optional(Message()) : std::nullopt;
  }
  absl::Status Status() {
    absl::Status status(static_cast<absl::StatusCode>(random_() % 17), Text());
    if (Flip()) AddDetail(status, StatusDetail{"a.B", Bytes()});
    if (Flip()) AddDetail(status, StatusDetail{"a.C", Bytes()});
    return status;
  }

  const Codec codec_;
  const uint32_t seed_ = std::random_device{}();
  std::mt19937_64 random_{seed_};
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_WIRE_RANDOM_FRAMES_H_
