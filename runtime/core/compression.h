// Compression of messages, and of bodies that are one message: none, or gzip (wire/gzip.h).

#ifndef RUNNEL_RUNTIME_CORE_COMPRESSION_H_
#define RUNNEL_RUNTIME_CORE_COMPRESSION_H_

#include <cstddef>
#include <optional>
#include <string_view>

namespace runnel {

enum class Compression { kIdentity, kGzip };

// What is smaller gains nothing by it.
inline constexpr size_t kLeastCompressedBytes = 1024;

// "identity" or "gzip", as they stand in Content-Encoding and its like.
std::string_view CompressionName(Compression compression);
// The reverse, where "" is identity too; nullopt for one that there is not here.
std::optional<Compression> CompressionFromName(std::string_view name);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CORE_COMPRESSION_H_
