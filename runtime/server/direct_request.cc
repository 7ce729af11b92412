#include "runtime/server/direct_request.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/call/metadata_headers.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/server/error_response.h"
#include "runtime/wire/base64.h"

namespace runnel {
namespace {

constexpr std::string_view kAcceptPost = "application/json, application/proto";

std::string EssenceOf(absl::string_view media_type) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(media_type, absl::MaxSplits(';', 1));
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(parts.first));
}

// Whether an Accept header lets us answer with `media_type`.
bool Accepts(std::string_view accept, std::string_view media_type) {
  if (accept.empty()) return true;
  const std::string any_of_type(media_type.substr(0, media_type.find('/') + 1));
  for (absl::string_view range : absl::StrSplit(AbslView(accept), ',')) {
    const std::string essence = EssenceOf(range);
    if (essence == "*/*" || essence == media_type || essence == any_of_type + "*") return true;
  }
  return false;
}

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

absl::Status ParseQuery(std::string_view query, DirectRequest& parsed) {
  std::string message;
  bool base64 = false;
  bool has_message = false;
  for (absl::string_view pair : absl::StrSplit(AbslView(query), '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(pair, absl::MaxSplits('=', 1));
    RUNNEL_ASSIGN_OR_RETURN(std::string value, PercentDecode(parts.second));
    if (parts.first == "message") {
      message = std::move(value);
      has_message = true;
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
    } else if (parts.first == "compression" && value != "identity" && !value.empty()) {
      return absl::UnimplementedError(
          absl::StrCat("compression=", value, " in the query; this server has identity"));
    }
  }
  if (base64) {
    std::string bytes;
    absl::Status decoded = DecodeQueryBase64(std::move(message), bytes);
    if (!decoded.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("message in the query is not valid base64: ", decoded.message()));
    }
    message = std::move(bytes);
  }
  if (has_message) parsed.message = StringBody(std::move(message));
  return absl::OkStatus();
}

absl::Status ParseTimeout(const HttpHeaders& headers, absl::Duration& timeout) {
  std::optional<std::string_view> text = headers.Get("connect-timeout-ms");
  if (!text) return absl::OkStatus();
  uint64_t milliseconds = 0;
  if (text->empty() || text->size() > 10 || !absl::SimpleAtoi(AbslView(*text), &milliseconds)) {
    return absl::InvalidArgumentError(
        absl::StrCat("Connect-Timeout-Ms is \"", AbslView(*text), "\"; it has one to ten digits"));
  }
  timeout = absl::Milliseconds(milliseconds);
  return absl::OkStatus();
}

HttpResponse UnsupportedMediaType(std::string_view content_type) {
  HttpResponse response = ErrorResponse(
      415, absl::InvalidArgumentError(absl::StrCat("the content type \"", AbslView(content_type),
                                                   "\" is not one of ", AbslView(kAcceptPost))));
  response.headers.Add("accept-post", kAcceptPost);
  return response;
}

}  // namespace

std::optional<Codec> CodecOfMediaType(std::string_view content_type) {
  const std::string essence = EssenceOf(AbslView(content_type));
  if (essence == "application/json") return Codec::kJson;
  if (essence == "application/proto") return Codec::kProto;
  return std::nullopt;
}

std::optional<HttpResponse> DirectRequest::Parse(const MethodInfo& method, std::string_view query,
                                                 HttpRequest& request, DirectRequest& parsed) {
  const bool may_get =
      method.idempotency == Idempotency::kNoSideEffects && !method.client_streams();
  if (request.method != "POST" && !(request.method == "GET" && may_get)) {
    HttpResponse response =
        ErrorResponse(405, absl::UnimplementedError(absl::StrCat(
                               AbslView(method.path), " does not take ", request.method)));
    response.headers.Add("allow", may_get ? "GET, POST" : "POST");
    return response;
  }
  if (method.client_streams()) {
    return ErrorResponse(absl::UnimplementedError(
        absl::StrCat(AbslView(method.path),
                     " streams requests, which a direct call cannot: use a session "
                     "(runnel.v1.Channel/Open), as the clients of this library do")));
  }
  if (request.method == "GET") {
    if (absl::Status status = ParseQuery(query, parsed); !status.ok()) return ErrorResponse(status);
  } else {
    const std::string_view content_type = request.headers.Get("content-type").value_or("");
    const std::optional<Codec> codec = CodecOfMediaType(content_type);
    if (!codec) return UnsupportedMediaType(content_type);
    parsed.codec = *codec;
    // A null body would mean a GET without message.
    parsed.message = request.body != nullptr ? std::move(request.body) : StringBody("");
  }
  const std::string_view encoding = request.headers.Get("content-encoding").value_or("identity");
  if (encoding != "identity") {
    return ErrorResponse(absl::UnimplementedError(absl::StrCat(
        "Content-Encoding ", AbslView(encoding), " is not supported; this server has identity")));
  }
  const std::string_view accept = request.headers.Get("accept").value_or("");
  if (method.server_streams() && !Accepts(accept, "text/event-stream")) {
    return ErrorResponse(
        406, absl::InvalidArgumentError(absl::StrCat(
                 AbslView(method.path),
                 " streams its responses: the Accept header must allow text/event-stream")));
  }
  parsed.last_event_id = std::string(request.headers.Get("last-event-id").value_or(""));
  if (method.server_streams() && !parsed.last_event_id.empty() &&
      (parsed.last_event_id == "end" || !method.resumable)) {
    // The one answer that stops an EventSource for good (HTML, section 9.2.3).
    HttpResponse response;
    response.status = 204;
    return response;
  }
  if (absl::Status status = ParseTimeout(request.headers, parsed.timeout); !status.ok()) {
    return ErrorResponse(status);
  }
  if (absl::Status status = ExtractMetadata(request.headers, parsed.metadata, nullptr);
      !status.ok()) {
    return ErrorResponse(status);
  }
  return std::nullopt;
}

}  // namespace runnel
