#include "runtime/wire/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"

namespace runnel {
namespace {

constexpr int kGzipWindowBits = 15 + 16;  // the largest window; "+ 16" is zlib's word for gzip
constexpr size_t kFirstBlockBytes = 4 * 1024;

// zlib has no const. It does not write there.
Bytef* In(std::string_view bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

// zlib counts in 32 bits.
uInt Count(size_t bytes) {
  return static_cast<uInt>(std::min<size_t>(bytes, std::numeric_limits<uInt>::max()));
}

}  // namespace

void AppendGzip(std::string_view bytes, std::string& out) {
  z_stream stream{};
  // Level 1 has most of the gain at a third of the time of the usual 6.
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindowBits, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw std::bad_alloc();  // the one way in which it fails
  }
  const absl::Cleanup end = [&stream] { deflateEnd(&stream); };
  const size_t before = out.size();
  out.resize(before + deflateBound(&stream, bytes.size()));
  stream.next_in = In(bytes);
  stream.avail_in = Count(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
  stream.avail_out = Count(out.size() - before);
  deflate(&stream, Z_FINISH);  // all at once: there is room
  out.resize(before + stream.total_out);
}

absl::StatusOr<std::string> Gunzip(std::string_view bytes, size_t max_bytes,
                                   std::string_view limit_name) {
  z_stream stream{};
  if (inflateInit2(&stream, kGzipWindowBits) != Z_OK) throw std::bad_alloc();
  const absl::Cleanup end = [&stream] { inflateEnd(&stream); };
  stream.next_in = In(bytes);
  stream.avail_in = Count(bytes.size());
  std::string out;
  size_t size = 0;
  for (;;) {
    if (size == out.size()) {
      // One byte more than is allowed tells a message of that size from a larger one.
      if (size > max_bytes) {
        return absl::ResourceExhaustedError(absl::StrCat("message of more than ", max_bytes,
                                                         " bytes after decompression; limit is ",
                                                         AbslView(limit_name), " = ", max_bytes));
      }
      const size_t wanted = std::max({kFirstBlockBytes, 2 * size, 2 * bytes.size()});
      out.resize(std::min(wanted, max_bytes + 1));
    }
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + size);
    stream.avail_out = Count(out.size() - size);
    const int result = inflate(&stream, Z_NO_FLUSH);
    size = static_cast<size_t>(reinterpret_cast<char*>(stream.next_out) - out.data());
    if (result == Z_STREAM_END) {
      if (stream.avail_in == 0) break;
      // A file of gzip may have several members (RFC 1952 section 2.2).
      inflateReset(&stream);
    } else if (result == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the compressed bytes are not gzip: ", stream.msg == nullptr ? "bad data" : stream.msg));
    } else if (stream.avail_in == 0 && stream.avail_out > 0) {
      return absl::InvalidArgumentError("the compressed bytes end too early for gzip");
    }
  }
  if (size > max_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat("message of ", size,
                                                     " bytes after decompression; limit is ",
                                                     AbslView(limit_name), " = ", max_bytes));
  }
  out.resize(size);
  return out;
}

}  // namespace runnel
