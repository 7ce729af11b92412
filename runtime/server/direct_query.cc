#include "runtime/server/direct_query.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/wire/base64.h"

namespace runnel {
namespace {

absl::StatusOr<std::string> PercentDecode(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      if (i + 2 >= text.size() || !absl::ascii_isxdigit(text[i + 1]) ||
          !absl::ascii_isxdigit(text[i + 2])) {
        return absl::InvalidArgumentError("the query has a % without two hexadecimal digits");
      }
      decoded += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    }
  }
  return decoded;
}

// base64url or standard, padded or not: the Connect protocol lets a GET have either.
absl::Status DecodeQueryBase64(std::string text, std::string& bytes) {
  for (char& c : text) {
    if (c == '-') c = '+';
    if (c == '_' || c == ' ') c = c == '_' ? '/' : '+';
  }
  return DecodeBase64(text, bytes);
}

}  // namespace

absl::StatusOr<DirectQuery> DirectQuery::Parse(std::string_view query) {
  DirectQuery parsed;
  bool base64 = false;
  for (absl::string_view pair : absl::StrSplit(AbslView(query), '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(pair, absl::MaxSplits('=', 1));
    RUNNEL_ASSIGN_OR_RETURN(std::string value, PercentDecode(parts.second));
    if (parts.first == "message") {
      parsed.message = std::move(value);
    } else if (parts.first == "base64") {
      base64 = value == "1";
    } else if (parts.first == "encoding") {
      if (value != "json" && value != "proto") {
        return absl::InvalidArgumentError(
            absl::StrCat("encoding=", value, " in the query; this server has json and proto"));
      }
      parsed.codec = value == "json" ? Codec::kJson : Codec::kProto;
    } else if (parts.first == "connect" && value != "v1") {
      return absl::InvalidArgumentError(absl::StrCat("connect=", value, " in the query; v1 is"));
    } else if (parts.first == "compression") {
      const std::optional<Compression> coding = CompressionFromName(value);
      if (!coding) return UnknownCoding("compression in the query", value);
      parsed.coding = *coding;
    }
  }
  if (base64 && parsed.message) {
    std::string bytes;
    absl::Status decoded = DecodeQueryBase64(*std::move(parsed.message), bytes);
    if (!decoded.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("message in the query is not valid base64: ", decoded.message()));
    }
    parsed.message = std::move(bytes);
  }
  return parsed;
}

}  // namespace runnel
