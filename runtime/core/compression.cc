#include "runtime/core/compression.h"

#include "absl/strings/match.h"
#include "runtime/core/string_view.h"

namespace runnel {

std::string_view CompressionName(Compression compression) {
  return compression == Compression::kGzip ? "gzip" : "identity";
}

std::optional<Compression> CompressionFromName(std::string_view name) {
  if (name.empty() || absl::EqualsIgnoreCase(AbslView(name), "identity")) {
    return Compression::kIdentity;
  }
  if (absl::EqualsIgnoreCase(AbslView(name), "gzip")) return Compression::kGzip;
  return std::nullopt;
}

}  // namespace runnel
