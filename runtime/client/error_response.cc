#include "runtime/client/error_response.h"

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/status_code.h"
#include "runtime/core/string_view.h"
#include "runtime/wire/connect_error.h"

namespace runnel {

Awaitable<absl::Status> ErrorOf(HttpResponse response, Limits limits) {
  const std::string_view type = response.headers.Get("content-type").value_or("");
  if (absl::StartsWithIgnoreCase(AbslView(type), "application/json")) {
    absl::StatusOr<std::string> body =
        co_await ReadAll(response.body.get(), kMaxErrorBytes, "the length of an error's body");
    absl::Status status;
    if (body.ok() && ParseConnectError(*body, limits, status).ok()) co_return status;
  }
  co_return absl::Status(StatusCodeForHttp(response.status),
                         absl::StrCat("the server answered with HTTP status ", response.status));
}

}  // namespace runnel
