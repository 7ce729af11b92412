#include "runtime/client/client_session.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/core/status_details.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/session/frame_limits.h"
#include "runtime/session/session_secret.h"

namespace runnel {
namespace {

// Of an answer that is a proxy's.
bool MayPass(int http_status) {
  return http_status >= 500 || http_status == 408 || http_status == 429;
}

}  // namespace

absl::Status ClientSession::Lost(std::string_view why) {
  return WithErrorInfo(absl::UnavailableError(absl::StrCat("session lost: ", AbslView(why))),
                       {.reason = "SESSION_LOST", .domain = "runnel", .metadata = {}});
}

ClientSession::ClientSession(Options options)
    : options_(std::move(options)),
      frame_limits_(FrameLimits(options_.limits)),
      clock_(*options_.clock),
      secret_(NewSessionSecret()),
      watch_(clock_, options_.executor, *this),
      queue_(options_.codec),
      session_send_window_(options_.limits.session_window_bytes),
      max_post_bytes_(kMaxPostBytes),
      ack_after_(options_.limits.session_window_bytes / 4),
      tasks_(options_.executor) {}

uint64_t ClientSession::OpenCall(SessionCallListener& listener, OpenFrame open, bool repeatable) {
  const uint64_t id = ++last_call_;
  if (!repeatable) open_last_ = std::min(open_last_, queue_.last_appended());
  calls_.emplace(id, Call{&listener, queue_.last_appended() + 1});
  Send(Frame{id, std::move(open)});
  if (!std::exchange(started_, true)) tasks_.Spawn(Run(shared_from_this()));
  return id;
}

Awaitable<void> ClientSession::Run(Self self) {
  // Who opens the first call is not ready yet for an answer, which may be there at once.
  co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  self->tasks_.Spawn(RunDown(self));
  self->tasks_.Spawn(RunUp(self));
}

void ClientSession::ForgetCall(uint64_t call) {
  calls_.erase(call);
  if (draining_ && calls_.empty()) Close();
}

void ClientSession::Send(const Frame& frame) {
  if (!over_.ok()) return;
  queue_.Append(frame);
  up_changed_.Notify();
}

void ClientSession::TakeTurns(PartSource& source) {
  turns_.Add(source);
  turns_.Run([this] { return queue_.unposted_bytes(); });
}

void ClientSession::Close() {
  if (!over_.ok()) return;
  if (!name_.empty()) {
    absl::StatusOr<HttpRequest> request =
        MakeRequest("Close", options_.codec == Codec::kJson ? "{}" : "");
    if (request.ok()) {
      // The server is told by a task that nobody waits for: it outlives this session.
      TaskGroup farewell(options_.executor);
      farewell.Spawn(SayClose(options_.http, *std::move(request)));
      farewell.Release();
    }
  }
  SetState(ChannelState::kIdle);
  End(absl::CancelledError("the channel was closed"));
}

Awaitable<void> ClientSession::SayClose(std::shared_ptr<HttpClient> http, HttpRequest request) {
  absl::StatusOr<HttpResponse> response = co_await http->Send(std::move(request));
  response.status().IgnoreError();  // a server that does not hear it notices by itself
}

void ClientSession::End(absl::Status status, bool never_ran) {
  if (!over_.ok()) return;
  Self self = shared_from_this();
  over_ = std::move(status);
  watch_.End();
  const std::map<uint64_t, Call> calls = std::exchange(calls_, {});
  for (const auto& [id, call] : calls) {
    call.listener->OnSessionEnd(over_, never_ran || call.open_seq > queue_.last_posted());
  }
  if (status_.state != ChannelState::kIdle) SetState(ChannelState::kLost, over_);
  tasks_.Cancel();
}

void ClientSession::SetState(ChannelState state, absl::Status reason) {
  const bool polling = polling_.on();
  if (state == status_.state && polling == status_.polling) return;
  if (state == ChannelState::kResuming) {
    resuming_since_ = std::min(resuming_since_, clock_.Now());
  } else {
    resuming_since_ = absl::InfiniteFuture();
  }
  status_.state = state;
  status_.polling = polling;
  status_.reason = std::move(reason);
  if (options_.on_status) options_.on_status(status_);
}

absl::StatusOr<HttpRequest> ClientSession::MakeRequest(std::string_view method,
                                                       std::string body) const {
  HttpRequest request;
  request.target = absl::StrCat("/runnel.v1.Channel/", AbslView(method));
  if (options_.credentials) {
    RUNNEL_ASSIGN_OR_RETURN(const Metadata credentials, options_.credentials());
    for (const auto& [key, value] : credentials) request.headers.Add(key, value);
  }
  request.headers.Add("content-type",
                      absl::StrCat("application/", AbslView(CodecName(options_.codec))));
  if (!name_.empty()) request.headers.Add("runnel-session", name_);
  // Numbers make all of them safe to repeat. Open alone says when it does: a server that has
  // started anew meanwhile must not take it for a first one.
  request.idempotent = method != "Open";
  request.body = StringBody(std::move(body));
  return request;
}

absl::Status ClientSession::TakeRefusal(ResponseError error) {
  const bool opening = name_.empty();
  const std::string reason = error.from_server ? ReasonOf(error.status) : "";
  // A late copy of our own came first; the next attempt comes after it.
  if (reason == "SUPERSEDED") return error.status;
  const bool may_pass = opening ? MayPass(error.http_status) : true;
  if (!error.from_server && may_pass) return error.status;
  if (error.from_server && absl::IsUnavailable(error.status) && reason.empty()) {
    return error.status;
  }
  if (opening && reason == "SESSION_UNKNOWN") {
    // The Open that is repeated never came, or came to a server that is no more. It carried nothing
    // that may not be repeated: begin anew.
    secret_ = NewSessionSecret();
    open_may_have_arrived_ = false;
  } else if (opening) {
    End(error.status, /*never_ran=*/!error.from_server || reason == "DRAINING");
  } else {
    End(reason == "SESSION_LOST" ? error.status : Lost(StdView(error.status.message())));
  }
  return error.status;
}

void ClientSession::CheckContact(const absl::Status& failure) {
  if (!over_.ok() || clock_.Now() - last_contact_ <= resume_window_) return;
  End(Lost(absl::StrCat("no contact with the server for ", absl::FormatDuration(resume_window_),
                        "; the last attempt: ", failure.message())));
}

}  // namespace runnel
