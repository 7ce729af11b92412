#include "runtime/client/error_response.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/call/metadata_headers.h"
#include "runtime/core/compression.h"
#include "runtime/core/status_code.h"
#include "runtime/core/string_view.h"
#include "runtime/wire/connect_error.h"
#include "runtime/wire/gzip.h"

namespace runnel {
namespace {

constexpr std::string_view kWhatIsLimited = "the length of an error's body";

Awaitable<absl::StatusOr<std::string>> JsonOf(HttpResponse& response) {
  const std::string_view coding = response.headers.Get("content-encoding").value_or("");
  const std::optional<Compression> compression = CompressionFromName(coding);
  if (!compression) co_return absl::InternalError("the error is compressed in an unknown way");
  absl::StatusOr<std::string> body =
      co_await ReadAll(response.body.get(), kMaxErrorBytes, kWhatIsLimited);
  if (!body.ok() || compression == Compression::kIdentity) co_return body;
  co_return Gunzip(*body, kMaxErrorBytes, kWhatIsLimited);
}

}  // namespace

Awaitable<ResponseError> ErrorOf(HttpResponse response, Limits limits) {
  ResponseError error;
  error.http_status = response.status;
  error.never_ran = response.headers.Contains(kNeverRanHeader);
  error.status = absl::Status(StatusCodeForHttp(response.status), "");
  const std::string_view type = response.headers.Get("content-type").value_or("");
  if (absl::StartsWithIgnoreCase(AbslView(type), "application/json")) {
    absl::StatusOr<std::string> json = co_await JsonOf(response);
    absl::StatusOr<ConnectError> parsed = absl::UnknownError("");
    if (json.ok()) parsed = ParseConnectError(*json, limits, error.status.code());
    if (parsed.ok()) {
      error.status = std::move(parsed->status);
      error.from_server = parsed->has_code;
    }
  }
  if (!error.from_server && error.status.message().empty()) {
    error.status =
        absl::Status(error.status.code(),
                     absl::StrCat("the server answered with HTTP status ", response.status));
  }
  co_return error;
}

}  // namespace runnel
