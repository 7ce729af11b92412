#include "runtime/server/session_upload.h"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/async/on_executor.h"
#include "runtime/core/status_macros.h"
#include "runtime/session/frame_limits.h"
#include "runtime/wire/frame_codec.h"

namespace runnel {
namespace {

// A client that sends at all hears of us as often as this, and so does not give us up.
constexpr absl::Duration kAckInterval = absl::Seconds(1);
constexpr int kPiecesAtOnce = 16;

Awaitable<absl::StatusOr<SendResponse>> ReceiveAtHome(std::shared_ptr<ServerSession> session,
                                                      uint64_t seq, uint64_t ack,
                                                      std::vector<Frame> frames) {
  co_return session->Receive(seq, ack, std::move(frames));
}

bool HasPing(const std::vector<Frame>& frames) {
  for (const Frame& frame : frames) {
    if (std::holds_alternative<PingFrame>(frame.kind)) return true;
  }
  return false;
}

}  // namespace

SessionUpload::SessionUpload(Options options)
    : options_(std::move(options)),
      frame_limits_(FrameLimits(options_.session->limits())),
      parser_(options_.session->limits().max_send_bytes, "Limits::max_send_bytes"),
      held_(options_.receiving),
      request_ended_(options_.request == nullptr) {}

bool SessionUpload::AckDue() const {
  return pinged_ || options_.clock->Now() >= acknowledged_at_ + kAckInterval ||
         unacknowledged_bytes_ >= options_.session->limits().session_window_bytes / 4;
}

Awaitable<absl::Status> SessionUpload::Take(std::string_view bytes) {
  for (;;) {
    RUNNEL_CO_ASSIGN_OR_RETURN(SendRequest send,
                               DecodeSendRequest(options_.session->codec(), bytes, frame_limits_));
    const uint64_t last = send.seq + send.frames.size();  // and one
    pinged_ = pinged_ || HasPing(send.frames);
    RUNNEL_CO_ASSIGN_OR_RETURN(
        SendResponse reply, co_await OnExecutor(options_.session->executor(),
                                                ReceiveAtHome(options_.session, send.seq, send.ack,
                                                              std::move(send.frames))));
    received_ = reply.ack;
    if (reply.ack + 1 >= last) break;
    // The client is held back by what it has in the connection.
    RUNNEL_CO_RETURN_IF_ERROR(
        co_await SleepFor(*options_.clock, absl::Milliseconds(reply.retry_ms)));
  }
  unacknowledged_bytes_ += bytes.size();
  co_return absl::OkStatus();
}

Awaitable<absl::Status> SessionUpload::ReadMore() {
  // Whoever sends without a pause leaves the loop to others now and then.
  if (++pieces_ % kPiecesAtOnce == 0) {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  }
  Piece piece = co_await options_.request->Read();
  if (!piece.ok()) co_return std::move(piece).status();
  request_ended_ = !piece->has_value();
  if (request_ended_) co_return absl::OkStatus();
  RUNNEL_CO_RETURN_IF_ERROR(held_.Resize(parser_.pending() + (*piece)->size()));
  parser_.Feed(**piece);
  co_return absl::OkStatus();
}

Awaitable<HttpBody::Piece> SessionUpload::Read() {
  while (!ended_) {
    RUNNEL_CO_ASSIGN_OR_RETURN(std::optional<Envelope> envelope, parser_.Next());
    if (envelope) {
      RUNNEL_CO_RETURN_IF_ERROR(co_await Take(envelope->payload));
      if (!AckDue()) continue;
    } else if (request_ended_ || options_.clock->Now() >= options_.ends_at) {
      ended_ = true;
      if (received_ == acknowledged_) break;
    } else {
      RUNNEL_CO_RETURN_IF_ERROR(co_await ReadMore());
      continue;
    }
    SendResponse reply;
    reply.ack = acknowledged_ = received_;
    std::string encoded;
    EncodeSendResponse(options_.session->codec(), reply, encoded);
    out_.clear();
    AppendEnvelope(0, encoded, out_);
    unacknowledged_bytes_ = 0;
    acknowledged_at_ = options_.clock->Now();
    pinged_ = false;
    co_return std::optional<std::string_view>(out_);
  }
  co_return std::nullopt;
}

}  // namespace runnel
