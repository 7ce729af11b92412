// Gzip (RFC 1952), for messages that a peer compressed or would like compressed.

#ifndef RUNNEL_RUNTIME_WIRE_GZIP_H_
#define RUNNEL_RUNTIME_WIRE_GZIP_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace runnel {

// Appends `bytes`, compressed, to `out`.
void AppendGzip(std::string_view bytes, std::string& out);

// What `bytes` were before they were compressed. RESOURCE_EXHAUSTED, naming `limit_name`, when that
// is more than `max_bytes`, of which no more are made; INVALID_ARGUMENT when they are not gzip, end
// too early, or go on behind the end.
absl::StatusOr<std::string> Gunzip(std::string_view bytes, size_t max_bytes,
                                   std::string_view limit_name);

// No more than so many bytes come of compressing `bytes` bytes by any common implementation.
constexpr size_t MaxGzipBytes(size_t bytes) { return bytes + bytes / 1024 + 64; }

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_WIRE_GZIP_H_
