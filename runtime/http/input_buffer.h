// InputBuffer holds the bytes of a connection that arrived and are not used up yet.

#ifndef RUNNEL_RUNTIME_HTTP_INPUT_BUFFER_H_
#define RUNNEL_RUNTIME_HTTP_INPUT_BUFFER_H_

#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace runnel {

// A value of one connection. Views into it stay good while nobody calls Prepare, or for as
// long as somebody keeps pin().
class InputBuffer {
 public:
  std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  size_t size() const { return end_ - begin_; }

  // While the result is kept, the bytes in view() now are neither moved nor overwritten.
  std::shared_ptr<const char[]> pin() const { return bytes_; }

  // Room to receive into, of at least `least` bytes; a buffer that is made anew for it has
  // room for `capacity`, which is also what an empty one shrinks to. Until Commit, nobody
  // else may call Prepare.
  boost::asio::mutable_buffer Prepare(size_t least, size_t capacity) {
    const bool shared = bytes_.use_count() > 1;
    if (empty() && !shared) begin_ = end_ = 0;
    if (capacity_ - end_ < least || (empty() && capacity_ > capacity)) {
      const size_t needed = size() + least;
      if (!shared && needed <= capacity_ && !(empty() && capacity_ > capacity)) {
        std::memmove(bytes_.get(), bytes_.get() + begin_, size());
      } else {
        capacity_ = needed > capacity ? needed : capacity;
        auto larger = std::make_shared_for_overwrite<char[]>(capacity_);
        if (!empty()) std::memcpy(larger.get(), bytes_.get() + begin_, size());
        bytes_ = std::move(larger);
      }
      end_ = size();
      begin_ = 0;
    }
    return {bytes_.get() + end_, capacity_ - end_};
  }

  // Gives the memory back, while it is empty.
  void Release() {
    bytes_.reset();
    capacity_ = begin_ = end_ = 0;
  }

  // `size` bytes were received into what Prepare returned.
  void Commit(size_t size) { end_ += size; }
  // The first `size` bytes of view() are used up.
  void Consume(size_t size) { begin_ += size; }

 private:
  std::shared_ptr<char[]> bytes_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_INPUT_BUFFER_H_
