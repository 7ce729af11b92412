// Metadata as HTTP header fields, as the Connect protocol has it: keys as they are, values
// of "-bin" keys in unpadded base64, trailers of unary calls with the prefix "trailer-".

#ifndef RUNNEL_RUNTIME_CALL_METADATA_HEADERS_H_
#define RUNNEL_RUNTIME_CALL_METADATA_HEADERS_H_

#include "absl/status/statusor.h"
#include "runtime/core/metadata.h"
#include "runtime/http/http_headers.h"

namespace runnel {

inline constexpr std::string_view kTrailerPrefix = "trailer-";

// In a response: the server has not run the method, and will not, so the call may be made
// elsewhere. The value says why.
inline constexpr std::string_view kNeverRanHeader = "runnel-never-ran";

// Adds a field for every entry, with `prefix` before its key.
void AddMetadata(const Metadata& metadata, std::string_view prefix, HttpHeaders& headers);

// The entries among `headers`: what is neither HTTP's own nor the protocol's. Those whose names
// begin with kTrailerPrefix go to `trailers`, without it, or are skipped where that is null.
// INVALID_ARGUMENT for a "-bin" value that is no base64.
absl::Status ExtractMetadata(const HttpHeaders& headers, Metadata& metadata, Metadata* trailers);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CALL_METADATA_HEADERS_H_
