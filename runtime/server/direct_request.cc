#include "runtime/server/direct_request.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/call/metadata_headers.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/server/direct_query.h"
#include "runtime/server/error_response.h"

namespace runnel {
namespace {

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

// The media types of requests for `method`.
std::string_view AcceptPost(const MethodInfo& method) {
  if (method.client_streams()) return "application/connect+json, application/connect+proto";
  if (method.server_streams()) {
    return "application/json, application/proto, application/connect+json, "
           "application/connect+proto";
  }
  return "application/json, application/proto";
}

// These refusals have no code of their own in Connect: its clients take "unknown" from the HTTP
// status, and so from here.
HttpResponse UnsupportedMediaType(const MethodInfo& method, std::string_view content_type) {
  const std::string_view accepted = AcceptPost(method);
  HttpResponse response = ErrorResponse(
      415, absl::UnknownError(absl::StrCat(
               AbslView(method.path), " takes ", AbslView(accepted), "; the content type is \"",
               AbslView(content_type), "\"",
               method.client_streams()
                   ? ". A session (runnel.v1.Channel/Open) carries streams of requests too"
                   : "")));
  response.headers.Add("accept-post", accepted);
  return response;
}

HttpResponse MethodNotAllowed(const MethodInfo& method, std::string_view verb, bool may_get) {
  HttpResponse response = ErrorResponse(
      405,
      absl::UnknownError(absl::StrCat(AbslView(method.path), " does not take ", AbslView(verb))));
  response.headers.Add("allow", may_get ? "GET, POST" : "POST");
  return response;
}

absl::Status ParseCodings(const HttpHeaders& headers, DirectRequest& parsed) {
  const bool envelopes = parsed.framing == DirectFraming::kEnvelopes;
  // Of envelopes each is compressed for itself; the body as a whole is not.
  const std::string_view body = headers.Get("content-encoding").value_or("");
  const std::string_view messages = headers.Get("connect-content-encoding").value_or("");
  std::optional<Compression> coding = CompressionFromName(body);
  if (!coding || (envelopes && *coding != Compression::kIdentity)) {
    return UnknownCoding("Content-Encoding", body);
  }
  if (envelopes) {
    coding = CompressionFromName(messages);
    if (!coding) return UnknownCoding("Connect-Content-Encoding", messages);
  }
  // That of a GET is in its query.
  if (*coding != Compression::kIdentity) parsed.coding = *coding;
  parsed.response_coding = ChooseCoding(
      headers.Get(envelopes ? "connect-accept-encoding" : "accept-encoding").value_or(""));
  return absl::OkStatus();
}

absl::Status ParseHeaders(const HttpHeaders& headers, DirectRequest& parsed) {
  const std::string_view version = headers.Get("connect-protocol-version").value_or("1");
  if (version != "1") {
    return absl::InvalidArgumentError(
        absl::StrCat("Connect-Protocol-Version is \"", AbslView(version), "\"; 1 is"));
  }
  RUNNEL_RETURN_IF_ERROR(ParseCodings(headers, parsed));
  RUNNEL_RETURN_IF_ERROR(ParseTimeout(headers, parsed.timeout));
  return ExtractMetadata(headers, parsed.metadata, nullptr);
}

// Finds out how the messages travel. The response that refuses it, if there is one.
std::optional<HttpResponse> ParseFraming(const MethodInfo& method, std::string_view query,
                                         HttpRequest& request, DirectRequest& parsed) {
  const bool may_get =
      method.idempotency == Idempotency::kNoSideEffects && !method.client_streams();
  parsed.get = request.method == "GET";
  if (request.method != "POST" && !(parsed.get && may_get)) {
    return MethodNotAllowed(method, request.method, may_get);
  }
  if (parsed.get) {
    absl::StatusOr<DirectQuery> parameters = DirectQuery::Parse(query);
    if (!parameters.ok()) return ErrorResponse(parameters.status());
    parsed.codec = parameters->codec;
    parsed.coding = parameters->coding;
    if (parameters->message) parsed.body = StringBody(*std::move(parameters->message));
  } else {
    const std::string_view content_type = request.headers.Get("content-type").value_or("");
    std::optional<Codec> codec = CodecOfMediaType(content_type);
    if (method.client_streams()) codec = std::nullopt;
    if (!codec && method.kind != CallKind::kUnary) {
      codec = CodecOfEnvelopes(content_type);
      parsed.framing = DirectFraming::kEnvelopes;
    }
    if (!codec) return UnsupportedMediaType(method, content_type);
    parsed.codec = *codec;
    // A null body would mean a GET without message.
    parsed.body = request.body != nullptr ? std::move(request.body) : StringBody("");
  }
  if (parsed.framing == DirectFraming::kPlain && method.server_streams()) {
    parsed.framing = DirectFraming::kEvents;
  }
  return std::nullopt;
}

}  // namespace

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

std::optional<Codec> CodecOfMediaType(std::string_view content_type) {
  const std::string essence = EssenceOf(AbslView(content_type));
  if (essence == "application/json") return Codec::kJson;
  if (essence == "application/proto") return Codec::kProto;
  return std::nullopt;
}

std::optional<Codec> CodecOfEnvelopes(std::string_view content_type) {
  const std::string essence = EssenceOf(AbslView(content_type));
  if (essence == "application/connect+json") return Codec::kJson;
  if (essence == "application/connect+proto") return Codec::kProto;
  return std::nullopt;
}

HttpResponse RefusalOf(const HttpRequest& request, const absl::Status& status) {
  const std::optional<Codec> envelopes =
      CodecOfEnvelopes(request.headers.Get("content-type").value_or(""));
  return envelopes ? EnvelopeErrorResponse(*envelopes, status) : ErrorResponse(status);
}

std::optional<HttpResponse> DirectRequest::Parse(const MethodInfo& method, std::string_view query,
                                                 HttpRequest& request, DirectRequest& parsed) {
  if (auto refusal = ParseFraming(method, query, request, parsed)) return refusal;
  if (absl::Status status = ParseHeaders(request.headers, parsed); !status.ok()) {
    HttpResponse refusal = RefusalOf(request, status);
    if (absl::IsUnimplemented(status)) {
      refusal.headers.Add(parsed.framing == DirectFraming::kEnvelopes ? "connect-accept-encoding"
                                                                      : "accept-encoding",
                          kAcceptedCodings);
    }
    return refusal;
  }
  if (parsed.framing != DirectFraming::kEvents) return std::nullopt;
  const std::string_view accept = request.headers.Get("accept").value_or("");
  if (!Accepts(accept, "text/event-stream")) {
    return ErrorResponse(
        406, absl::InvalidArgumentError(absl::StrCat(
                 AbslView(method.path),
                 " streams its responses: the Accept header must allow text/event-stream")));
  }
  parsed.last_event_id = std::string(request.headers.Get("last-event-id").value_or(""));
  if (!parsed.last_event_id.empty() && (parsed.last_event_id == "end" || !method.resumable)) {
    // The one answer that stops an EventSource for good (HTML, section 9.2.3).
    HttpResponse response;
    response.status = 204;
    return response;
  }
  return std::nullopt;
}

}  // namespace runnel
