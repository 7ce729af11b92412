#include "runtime/client/event_source_response.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/status_code.h"
#include "runtime/core/string_view.h"
#include "runtime/core/utf8.h"

namespace runnel {
namespace {

constexpr size_t kMaxRefusalBytes = 64 * 1024;
constexpr size_t kShownRefusalBytes = 1024;

// All fields of a name as one (RFC 9110 section 5.3).
std::string Combined(const HttpHeaders& headers, std::string_view name) {
  std::string combined;
  for (const auto& [key, value] : headers) {
    if (!EqualsIgnoreCase(key, name)) continue;
    absl::StrAppend(&combined, combined.empty() ? "" : ", ", value);
  }
  return combined;
}

// The end of the list's first member: the comma that no quotes hide.
size_t MemberEnd(std::string_view list) {
  bool quoted = false;
  for (size_t i = 0; i < list.size(); ++i) {
    if (list[i] == '"') quoted = !quoted;
    if (list[i] == '\\' && quoted) ++i;
    if (i < list.size() && list[i] == ',' && !quoted) return i;
  }
  return list.size();
}

// "text/html" of "text/plain, text/HTML; charset=x": of several the last one counts (Fetch
// Standard, "extract a MIME type").
std::string Essence(std::string_view types) {
  std::string essence;
  while (!types.empty()) {
    const size_t end = MemberEnd(types);
    const std::string_view type = types.substr(0, std::min(end, types.find(';')));
    const std::string lower = absl::AsciiStrToLower(absl::StripAsciiWhitespace(AbslView(type)));
    const size_t slash = lower.find('/');
    const bool valid = slash != std::string::npos && slash > 0 && slash + 1 < lower.size() &&
                       lower.find_first_of(" \t") == std::string::npos;
    if (valid && lower != "*/*") essence = lower;
    types.remove_prefix(std::min(end + 1, types.size()));
  }
  return essence;
}

}  // namespace

bool IsRedirect(int http_status) {
  return (http_status >= 301 && http_status <= 303) || http_status == 307 || http_status == 308;
}

absl::StatusOr<bool> TakeStreamHeaders(const HttpHeaders& headers) {
  const std::string type = Combined(headers, "content-type");
  if (Essence(type) != "text/event-stream") {
    return absl::UnknownError(absl::StrCat("the server answered with \"", type,
                                           "\" where text/event-stream is expected"));
  }
  const std::string coding = absl::AsciiStrToLower(Combined(headers, "content-encoding"));
  if (coding == "gzip" || coding == "x-gzip") return true;
  if (coding.empty() || coding == "identity") return false;
  return absl::UnknownError(
      absl::StrCat("the server's content-encoding is \"", coding, "\", which cannot be read"));
}

absl::Duration RetryAfter(const HttpHeaders& headers) {
  const std::string_view text = headers.Get("retry-after").value_or("");
  uint32_t seconds = 0;
  if (!absl::SimpleAtoi(AbslView(text), &seconds)) return absl::ZeroDuration();
  return absl::Seconds(seconds);
}

Awaitable<absl::StatusOr<std::string>> RefusalText(HttpResponse response) {
  if (response.headers.Contains("content-encoding")) co_return std::string();
  co_return co_await ReadAll(response.body.get(), kMaxRefusalBytes, "the length of a refusal");
}

absl::Status RefusalStatus(int http_status, std::string_view url, std::string_view text) {
  text = StdView(absl::StripAsciiWhitespace(AbslView(text)));
  std::string shown;
  AppendRepairedUtf8(text.substr(0, kShownRefusalBytes), shown);
  // An HTTP status below 400 is no error, and yet there is no stream.
  const absl::StatusCode code =
      http_status < 400 ? absl::StatusCode::kUnknown : StatusCodeForHttp(http_status);
  return absl::Status(code, absl::StrCat("HTTP ", http_status, " of ", AbslView(url),
                                         shown.empty() ? "" : ": ", shown));
}

}  // namespace runnel
