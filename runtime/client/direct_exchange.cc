#include "runtime/client/direct_exchange.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "runtime/call/metadata_headers.h"
#include "runtime/client/error_response.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/http/not_sent.h"
#include "runtime/wire/gzip.h"

namespace runnel {
namespace {

constexpr std::string_view kLimitName = "Limits::max_message_bytes";

std::string EssenceOf(std::string_view media_type) {
  const absl::string_view essence = AbslView(media_type.substr(0, media_type.find(';')));
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(essence));
}

// "application/connect+" of "application/connect+proto": what all codecs of one way to travel have
// in common.
std::string_view FamilyOf(std::string_view media_type) {
  return media_type.substr(0, media_type.find_last_of("/+") + 1);
}

absl::Status CheckMediaType(const HttpHeaders& headers, std::string_view expected) {
  const std::string_view type = headers.Get("content-type").value_or("");
  const std::string essence = EssenceOf(type);
  if (essence == expected) return absl::OkStatus();
  const std::string message = absl::StrCat("the server answered with \"", AbslView(type),
                                           "\" where ", AbslView(expected), " is expected");
  // A server of this protocol with another codec, or something else altogether.
  const bool related =
      expected.starts_with("application/") && essence.starts_with(FamilyOf(expected));
  return related ? absl::InternalError(message) : absl::UnknownError(message);
}

absl::Status TakeCompression(const HttpHeaders& headers, const DirectExpectation& expected,
                             DirectResponse& response) {
  const std::string_view name = headers.Get(expected.compression_field).value_or("");
  const std::optional<Compression> compression = CompressionFromName(name);
  if (compression != Compression::kIdentity && compression != expected.compression) {
    return absl::InternalError(absl::StrCat("the server's ", AbslView(expected.compression_field),
                                            " is \"", AbslView(name),
                                            "\", which it was not asked for"));
  }
  response.compression = *compression;
  return absl::OkStatus();
}

}  // namespace

HttpRequest NewDirectRequest(const MethodInfo& method, const AttemptOptions& options,
                             HttpHeaders headers, Clock& clock) {
  HttpRequest request;
  request.target = std::string(method.path);
  request.idempotent = method.idempotency != Idempotency::kUnknown;
  request.headers = std::move(headers);
  request.headers.Add("connect-protocol-version", "1");
  if (options.deadline != absl::InfiniteFuture()) {
    const absl::Duration left = std::max(options.deadline - clock.Now(), absl::ZeroDuration());
    request.headers.Add("connect-timeout-ms", absl::StrCat(std::min<int64_t>(
                                                  absl::ToInt64Milliseconds(left), 9'999'999'999)));
  }
  AddMetadata(options.metadata, "", request.headers);
  return request;
}

Awaitable<absl::Status> ExchangeDirect(std::shared_ptr<HttpClient> http, HttpRequest request,
                                       DirectExpectation expected, Limits limits,
                                       DirectResponse& response) {
  absl::StatusOr<HttpResponse> received = co_await http->Send(std::move(request));
  if (!received.ok()) {
    absl::Status status = std::move(received).status();
    response.never_ran = TakeNotSent(status);
    co_return status;
  }
  response.http_status = received->status;
  response.never_ran = received->headers.Contains(kNeverRanHeader);
  const absl::Status extracted =
      ExtractMetadata(received->headers, response.initial, &response.trailing);
  if (!extracted.ok()) {
    co_return absl::InternalError(absl::StrCat("the server's ", extracted.message()));
  }
  if (received->status != 200) {
    const ResponseError error = co_await ErrorOf(*std::move(received), limits);
    co_return error.status;
  }
  RUNNEL_CO_RETURN_IF_ERROR(CheckMediaType(received->headers, expected.media_type));
  RUNNEL_CO_RETURN_IF_ERROR(TakeCompression(received->headers, expected, response));
  response.body = std::move(received->body);
  co_return absl::OkStatus();
}

absl::StatusOr<std::string> Decompressed(std::string_view bytes, const Limits& limits) {
  absl::StatusOr<std::string> decompressed = Gunzip(bytes, limits.max_message_bytes, kLimitName);
  if (absl::IsInvalidArgument(decompressed.status())) {
    return absl::InternalError(
        absl::StrCat("the server's message: ", decompressed.status().message()));
  }
  return decompressed;
}

size_t MaxReceivedBytes(Compression compression, const Limits& limits) {
  return compression == Compression::kGzip ? MaxGzipBytes(limits.max_message_bytes)
                                           : limits.max_message_bytes;
}

}  // namespace runnel
