#include "runtime/server/error_response.h"

#include <string>
#include <utility>

#include "runtime/core/status_code.h"
#include "runtime/wire/connect_error.h"

namespace runnel {

HttpResponse BytesResponse(std::string_view content_type, std::string body) {
  HttpResponse response;
  response.headers.Add("content-type", content_type);
  response.body = StringBody(std::move(body));
  return response;
}

HttpResponse ErrorResponse(int http_status, const absl::Status& status) {
  HttpResponse response = BytesResponse("application/json", ConnectErrorJson(status));
  response.status = http_status;
  return response;
}

HttpResponse ErrorResponse(const absl::Status& status) {
  return ErrorResponse(HttpStatusFor(status.code()), status);
}

}  // namespace runnel
