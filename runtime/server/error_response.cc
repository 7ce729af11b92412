#include "runtime/server/error_response.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_code.h"
#include "runtime/core/string_view.h"
#include "runtime/wire/connect_error.h"
#include "runtime/wire/envelope.h"

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

HttpResponse EnvelopeErrorResponse(Codec codec, const absl::Status& status) {
  EndOfStream end;
  end.status = status;
  std::string body;
  AppendEnvelope(kEndStreamEnvelope, EndOfStreamJson(end), body);
  return BytesResponse(absl::StrCat("application/connect+", AbslView(CodecName(codec))),
                       std::move(body));
}

}  // namespace runnel
