#include "runtime/wire/gzip_stream.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace runnel {
namespace {

constexpr int kGzipWindowBits = 15 + 16;  // the largest window; "+ 16" is zlib's word for gzip

}  // namespace

struct GzipStream::State {
  State() {
    if (inflateInit2(&stream, kGzipWindowBits) != Z_OK) throw std::bad_alloc();
  }
  ~State() { inflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  z_stream stream{};
  std::string_view input;
  bool member_ended = false;
  bool in_member = false;
  bool block_full = false;  // there may be more of the input that was taken
  absl::Status failure;
  std::array<char, 16 * 1024> block;
};

GzipStream::GzipStream() : state_(std::make_unique<State>()) {}
GzipStream::~GzipStream() = default;

void GzipStream::Feed(std::string_view bytes) { state_->input = bytes; }

absl::StatusOr<std::optional<std::string_view>> GzipStream::Next() {
  State& s = *state_;
  if (!s.failure.ok()) return s.failure;
  while (!s.input.empty() || s.block_full) {
    if (s.member_ended) {  // another follows (RFC 1952 section 2.2)
      inflateReset(&s.stream);
      s.member_ended = false;
    }
    const uInt given =
        static_cast<uInt>(std::min<size_t>(s.input.size(), std::numeric_limits<uInt>::max()));
    // zlib has no const. It does not write there.
    s.stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(s.input.data()));
    s.stream.avail_in = given;
    s.stream.next_out = reinterpret_cast<Bytef*>(s.block.data());
    s.stream.avail_out = static_cast<uInt>(s.block.size());
    const int result = inflate(&s.stream, Z_SYNC_FLUSH);
    s.input.remove_prefix(given - s.stream.avail_in);
    s.block_full = s.stream.avail_out == 0 && result != Z_STREAM_END;
    s.member_ended = result == Z_STREAM_END;
    s.in_member = !s.member_ended;
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      s.failure = absl::InvalidArgumentError(absl::StrCat(
          "the bytes are not gzip: ", s.stream.msg == nullptr ? "bad data" : s.stream.msg));
      return s.failure;
    }
    const size_t made = s.block.size() - s.stream.avail_out;
    if (made > 0) return std::string_view(s.block.data(), made);
  }
  return std::nullopt;
}

bool GzipStream::at_end() const { return !state_->in_member; }

}  // namespace runnel
