#include "runtime/client/error_response.h"

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/call/metadata_headers.h"
#include "runtime/core/status_code.h"
#include "runtime/core/string_view.h"
#include "runtime/wire/connect_error.h"

namespace runnel {

Awaitable<ResponseError> ErrorOf(HttpResponse response, Limits limits) {
  ResponseError error;
  error.http_status = response.status;
  error.never_ran = response.headers.Contains(kNeverRanHeader);
  const std::string_view type = response.headers.Get("content-type").value_or("");
  if (absl::StartsWithIgnoreCase(AbslView(type), "application/json")) {
    absl::StatusOr<std::string> body =
        co_await ReadAll(response.body.get(), kMaxErrorBytes, "the length of an error's body");
    if (body.ok() && ParseConnectError(*body, limits, error.status).ok()) {
      error.from_server = true;
      co_return error;
    }
  }
  error.status =
      absl::Status(StatusCodeForHttp(response.status),
                   absl::StrCat("the server answered with HTTP status ", response.status));
  co_return error;
}

}  // namespace runnel
