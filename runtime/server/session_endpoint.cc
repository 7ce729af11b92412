#include "runtime/server/session_endpoint.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/async/on_executor.h"
#include "runtime/core/status_details.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/server/error_response.h"
#include "runtime/server/session_upload.h"
#include "runtime/session/frame_limits.h"
#include "runtime/session/session_secret.h"
#include "runtime/wire/event_writer.h"

namespace runnel {
namespace {

// The down-stream of a session, on the loop of the connection that carries it.
class DownStream final : public HttpBody {
 public:
  // `first` is sent before the session's events.
  DownStream(std::shared_ptr<ServerSession> session, uint64_t stream, std::string first)
      : session_(std::move(session)), stream_(stream), first_(std::move(first)) {}

  ~DownStream() override {
    asio::post(session_->executor(),
               [session = session_, stream = stream_] { session->Detach(stream); });
  }

  Awaitable<absl::StatusOr<std::optional<std::string_view>>> Read() override {
    if (!first_.empty()) {
      heartbeat_ = std::exchange(first_, std::string());
      co_return std::optional<std::string_view>(heartbeat_);
    }
    auto next = co_await OnExecutor(session_->executor(), session_->NextEvent(stream_));
    if (!next.ok()) co_return std::move(next).status();
    if (!*next) co_return std::nullopt;
    event_ = **next;
    if (event_ != nullptr) co_return std::optional<std::string_view>(*event_);
    heartbeat_.clear();
    AppendComment("", heartbeat_);
    co_return std::optional<std::string_view>(heartbeat_);
  }

 private:
  std::shared_ptr<ServerSession> session_;
  const uint64_t stream_;
  std::string first_;
  std::shared_ptr<const std::string> event_;  // what is being sent
  std::string heartbeat_;
};

HttpResponse StreamResponse(std::shared_ptr<ServerSession> session, uint64_t stream,
                            std::string first) {
  HttpResponse response;
  response.headers.Add("content-type", session->codec() == Codec::kJson
                                           ? "text/event-stream"
                                           : "text/event-stream; codec=proto");
  response.headers.Add("cache-control", "no-store, no-transform");
  response.headers.Add("x-accel-buffering", "no");
  response.body = std::make_unique<DownStream>(std::move(session), stream, std::move(first));
  return response;
}

// Where a client is that has the event "<epoch>-<seq>".
absl::Status ParseEventId(std::string_view id, ServerSession::AttachOptions& attach) {
  const size_t dash = id.rfind('-');
  if (dash != id.npos) {
    attach.epoch = std::string(id.substr(0, dash));
    auto [end, error] = std::from_chars(id.data() + dash + 1, id.data() + id.size(), attach.after);
    if (error == std::errc() && end == id.data() + id.size()) return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("Last-Event-ID is \"", AbslView(id), "\"; a session's are <epoch>-<number>"));
}

// What is done with a session, on its home loop.
// The stream of an Open, and its first event.
struct OpenedStream {
  OpenedStream() = default;
  uint64_t number = 0;
  std::string info;
};

Awaitable<absl::StatusOr<OpenedStream>> OpenAtHome(std::shared_ptr<ServerSession> session,
                                                   ServerSession::AttachOptions attach,
                                                   std::vector<Frame> frames) {
  OpenedStream stream;
  RUNNEL_CO_ASSIGN_OR_RETURN(stream.number, session->Attach(attach));
  absl::StatusOr<SendResponse> received = session->Take(1, std::move(frames));
  if (!received.ok()) {
    session->Detach(stream.number);
    co_return received.status();
  }
  stream.info = session->SessionInfoEvent();
  co_return stream;
}

Awaitable<absl::StatusOr<uint64_t>> AttachAtHome(std::shared_ptr<ServerSession> session,
                                                 ServerSession::AttachOptions attach) {
  co_return session->Attach(attach);
}

Awaitable<absl::StatusOr<SendResponse>> ReceiveAtHome(std::shared_ptr<ServerSession> session,
                                                      uint64_t seq, uint64_t ack,
                                                      std::vector<Frame> frames) {
  co_return session->Receive(seq, ack, std::move(frames));
}

Awaitable<absl::Status> EndAtHome(std::shared_ptr<ServerSession> session) {
  session->End("its client has closed it", SessionEnd::kClosed);
  co_return absl::OkStatus();
}

}  // namespace

bool SessionEndpoint::IsForSession(std::string_view path) {
  if (!path.starts_with(kPathPrefix)) return false;
  const std::string_view method = path.substr(kPathPrefix.size());
  return method == "Attach" || method == "Send" || method == "Upload" || method == "Close";
}

Awaitable<HttpResponse> SessionEndpoint::Handle(std::string_view path, Codec codec,
                                                std::string principal, HttpRequest request) {
  const std::string method(path.substr(kPathPrefix.size()));
  if (method != "Open" && !IsForSession(path)) {
    co_return ErrorResponse(
        404, absl::UnimplementedError(absl::StrCat("there is no method ", AbslView(path))));
  }
  if (method == "Upload") co_return Upload(codec, principal, std::move(request));
  absl::StatusOr<std::string> body = co_await ReadAll(
      request.body.get(), options_.limits.max_send_bytes, "Limits::max_send_bytes", &receiving_);
  if (!body.ok()) {
    // The client may send less at a time.
    if (!absl::IsResourceExhausted(body.status())) co_return ErrorResponse(body.status());
    calls_.telemetry().Refused(Refusal::kMaxSendBytes, request.peer);
    co_return ErrorResponse(WithErrorInfo(
        body.status(), {.reason = "FRAME_TOO_LARGE", .domain = "runnel", .metadata = {}}));
  }
  absl::StatusOr<HttpResponse> response;
  if (method == "Open") {
    response =
        co_await Open(codec, std::move(principal), *std::move(body), std::move(request.peer));
  } else {
    absl::StatusOr<std::shared_ptr<ServerSession>> session =
        FindSession(codec, principal, request.headers);
    if (!session.ok()) {
      response = session.status();
    } else if (method == "Attach") {
      response = co_await Attach(*std::move(session), std::move(request.headers), *std::move(body));
    } else if (method == "Send") {
      response = co_await Send(*std::move(session), *std::move(body));
    } else {
      response = co_await Close(*std::move(session));
    }
  }
  if (!response.ok()) co_return ErrorResponse(response.status());
  co_return *std::move(response);
}

absl::StatusOr<std::shared_ptr<ServerSession>> SessionEndpoint::FindSession(
    Codec codec, std::string_view principal, const HttpHeaders& headers) {
  RUNNEL_ASSIGN_OR_RETURN(
      std::shared_ptr<ServerSession> session,
      options_.sessions->Find(headers.Get("runnel-session").value_or(""), principal));
  if (codec != session->codec()) {
    return absl::InvalidArgumentError(absl::StrCat("the session was opened with application/",
                                                   AbslView(CodecName(session->codec()))));
  }
  return session;
}

absl::StatusOr<std::shared_ptr<ServerSession>> SessionEndpoint::NewSession(Codec codec,
                                                                           const OpenRequest& open,
                                                                           std::string principal,
                                                                           std::string peer) {
  ServerSession::Options options;
  options.id = SessionTable::NewId();
  if (options_.cluster != nullptr) options.id = options_.cluster->name + "-" + options.id;
  options.peer = std::move(peer);
  options.principal = std::move(principal);
  options.codec = codec;
  options.limits = options_.limits;
  options.client_call_window =
      open.call_window_bytes > 0 ? open.call_window_bytes : options_.limits.call_window_bytes;
  // What a client would let us send is not what we are willing to keep for it.
  options.client_session_window =
      open.session_window_bytes > 0
          ? std::min<size_t>(open.session_window_bytes, options_.limits.max_session_window_bytes)
          : options_.limits.session_window_bytes;
  options.times = options_.times;
  options.clock = options_.clock;
  options.executor = options_.executor;
  options.blocking_executor = options_.blocking_executor;
  options.methods = options_.methods;
  options.calls = &calls_;
  options.budget = budget_;
  options.on_end = [sessions = options_.sessions](const std::string& id) { sessions->Remove(id); };
  std::shared_ptr<ServerSession> session = ServerSession::Create(std::move(options));
  RUNNEL_RETURN_IF_ERROR(options_.sessions->Add(open.secret, session));
  session->Report(SessionChange::kOpened);
  return session;
}

absl::StatusOr<std::shared_ptr<ServerSession>> SessionEndpoint::FindOrMakeSession(
    Codec codec, const OpenRequest& open, std::string principal, std::string peer) {
  RUNNEL_ASSIGN_OR_RETURN(std::shared_ptr<ServerSession> session,
                          options_.sessions->FindBySecret(open.secret, principal));
  if (session != nullptr) return session;
  if (open.retry) {
    return WithErrorInfo(
        absl::NotFoundError("this server knows nothing of the session that is opened again"),
        {.reason = "SESSION_UNKNOWN", .domain = "runnel", .metadata = {}});
  }
  if (calls_.closed()) {
    calls_.telemetry().Refused(Refusal::kDraining, peer);
    return WithErrorInfo(CallGroup::Refusal(),
                         {.reason = "DRAINING", .domain = "runnel", .metadata = {}});
  }
  absl::StatusOr<std::shared_ptr<ServerSession>> made =
      NewSession(codec, open, principal, std::move(peer));
  // A copy of this Open may have come in on another loop meanwhile.
  if (!absl::IsAlreadyExists(made.status())) return made;
  return options_.sessions->FindBySecret(open.secret, principal);
}

Awaitable<absl::StatusOr<HttpResponse>> SessionEndpoint::Open(Codec codec, std::string principal,
                                                              std::string body, std::string peer) {
  RUNNEL_CO_ASSIGN_OR_RETURN(OpenRequest open,
                             DecodeOpenRequest(codec, body, FrameLimits(options_.limits)));
  if (std::find(open.versions.begin(), open.versions.end(), 1u) == open.versions.end()) {
    co_return WithErrorInfo(
        absl::FailedPreconditionError("this server speaks version 1 of the protocol"),
        {.reason = "UNSUPPORTED_VERSION", .domain = "runnel", .metadata = {}});
  }
  if (!IsSessionSecret(open.secret)) {
    co_return absl::InvalidArgumentError(
        "`secret` is not made of 64 lower-case hexadecimal digits");
  }
  RUNNEL_CO_ASSIGN_OR_RETURN(std::shared_ptr<ServerSession> session,
                             FindOrMakeSession(codec, open, std::move(principal), std::move(peer)));
  if (session == nullptr || session->codec() != codec) {
    co_return absl::InvalidArgumentError("the session was opened otherwise, or is over");
  }
  ServerSession::AttachOptions attach;
  attach.opened = true;
  attach.max = absl::Milliseconds(open.max_ms);
  RUNNEL_CO_ASSIGN_OR_RETURN(
      OpenedStream stream,
      co_await OnExecutor(session->executor(),
                          OpenAtHome(session, attach, std::move(open.frames))));
  // The body's end detaches the session.
  co_return StreamResponse(session, stream.number, std::move(stream.info));
}

Awaitable<absl::StatusOr<HttpResponse>> SessionEndpoint::Attach(
    std::shared_ptr<ServerSession> session, HttpHeaders headers, std::string body) {
  RUNNEL_CO_ASSIGN_OR_RETURN(AttachRequest request,
                             DecodeAttachRequest(session->codec(), body, options_.limits));
  ServerSession::AttachOptions attach;
  attach.after = request.after;
  attach.attempt = request.attempt;
  attach.max = absl::Milliseconds(request.max_ms);
  if (attach.attempt == 0) {
    co_return absl::InvalidArgumentError("`attempt` is missing; attempts are numbered from 1");
  }
  if (std::optional<std::string_view> id = headers.Get("last-event-id")) {
    RUNNEL_CO_RETURN_IF_ERROR(ParseEventId(*id, attach));
  }
  RUNNEL_CO_ASSIGN_OR_RETURN(
      uint64_t stream, co_await OnExecutor(session->executor(), AttachAtHome(session, attach)));
  std::string first;
  AppendComment("ok", first);
  co_return StreamResponse(session, stream, std::move(first));
}

Awaitable<absl::StatusOr<HttpResponse>> SessionEndpoint::Send(
    std::shared_ptr<ServerSession> session, std::string body) {
  RUNNEL_CO_ASSIGN_OR_RETURN(
      SendRequest send, DecodeSendRequest(session->codec(), body, FrameLimits(options_.limits)));
  RUNNEL_CO_ASSIGN_OR_RETURN(
      SendResponse reply,
      co_await OnExecutor(session->executor(),
                          ReceiveAtHome(session, send.seq, send.ack, std::move(send.frames))));
  std::string bytes;
  EncodeSendResponse(session->codec(), reply, bytes);
  co_return BytesResponse(absl::StrCat("application/", AbslView(CodecName(session->codec()))),
                          std::move(bytes));
}

HttpResponse SessionEndpoint::Upload(Codec codec, std::string_view principal, HttpRequest request) {
  absl::StatusOr<std::shared_ptr<ServerSession>> session =
      FindSession(codec, principal, request.headers);
  if (!session.ok()) return ErrorResponse(session.status());
  SessionUpload::Options upload;
  upload.session = *std::move(session);
  upload.request = std::move(request.body);
  upload.ends_at = options_.clock->Now() + options_.times.rotation;
  upload.clock = options_.clock;
  upload.receiving = &receiving_;
  HttpResponse response;
  response.headers.Add("content-type", absl::StrCat("application/", AbslView(CodecName(codec))));
  response.headers.Add("cache-control", "no-store, no-transform");
  response.headers.Add("x-accel-buffering", "no");
  response.body = std::make_unique<SessionUpload>(std::move(upload));
  return response;
}

Awaitable<absl::StatusOr<HttpResponse>> SessionEndpoint::Close(
    std::shared_ptr<ServerSession> session) {
  RUNNEL_CO_RETURN_IF_ERROR(co_await OnExecutor(session->executor(), EndAtHome(session)));
  const Codec codec = session->codec();
  co_return BytesResponse(absl::StrCat("application/", AbslView(CodecName(codec))),
                          codec == Codec::kJson ? "{}" : "");
}

}  // namespace runnel
