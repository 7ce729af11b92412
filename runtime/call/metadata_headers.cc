#include "runtime/call/metadata_headers.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/wire/base64.h"

namespace runnel {
namespace {

absl::Status AddEntry(std::string_view key, std::string_view value, Metadata& metadata) {
  if (!IsBinaryKey(key)) {
    metadata.Add(key, value);
    return absl::OkStatus();
  }
  // HTTP may have joined repeated fields with commas, which base64 has none of.
  for (absl::string_view part : absl::StrSplit(AbslView(value), ',')) {
    std::string bytes;
    absl::Status decoded = DecodeBase64(StdView(absl::StripAsciiWhitespace(part)), bytes);
    if (!decoded.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("header ", AbslView(key), " is not valid base64: ", decoded.message()));
    }
    metadata.Add(key, bytes);
  }
  return absl::OkStatus();
}

}  // namespace

void AddMetadata(const Metadata& metadata, std::string_view prefix, HttpHeaders& headers) {
  for (const auto& [key, value] : metadata) {
    const std::string name = absl::StrCat(AbslView(prefix), key);
    if (IsBinaryKey(key)) {
      std::string text;
      AppendBase64(value, text);
      headers.Add(name, text);
    } else {
      headers.Add(name, value);
    }
  }
}

absl::Status ExtractMetadata(const HttpHeaders& headers, Metadata& metadata, Metadata* trailers) {
  for (const auto& [name, value] : headers) {
    const bool trailer = absl::StartsWithIgnoreCase(name, AbslView(kTrailerPrefix));
    if (trailer ? trailers == nullptr : IsReservedKey(name)) continue;
    const std::string key = absl::AsciiStrToLower(name);
    const std::string_view own =
        trailer ? std::string_view(key).substr(kTrailerPrefix.size()) : std::string_view(key);
    RUNNEL_RETURN_IF_ERROR(AddEntry(own, value, trailer ? *trailers : metadata));
  }
  return absl::OkStatus();
}

}  // namespace runnel
