#include "runtime/server/session_upload.h"

#include <boost/asio/io_context.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/async/signal.h"
#include "runtime/async/task_group.h"
#include "runtime/server/method_registry.h"
#include "runtime/server/server_call.h"
#include "runtime/testing/manual_clock.h"
#include "runtime/testing/status_matchers.h"
#include "runtime/wire/frame_codec.h"

namespace runnel {
namespace {

// A request whose pieces the test hands out. Outlived by whoever holds it.
struct Pieces {
  std::deque<std::string> pieces;
  bool ended = false;
  Signal arrived;
};

class RequestBody final : public HttpBody {
 public:
  explicit RequestBody(std::shared_ptr<Pieces> source) : source_(std::move(source)) {}
  Awaitable<Piece> Read() override {
    while (source_->pieces.empty()) {
      if (source_->ended) co_return std::nullopt;
      absl::Status waited = co_await source_->arrived.Wait();
      if (!waited.ok()) co_return waited;
    }
    piece_ = std::move(source_->pieces.front());
    source_->pieces.pop_front();
    co_return std::optional<std::string_view>(piece_);
  }

 private:
  const std::shared_ptr<Pieces> source_;
  std::string piece_;
};

// What has come of a response.
struct Replies {
  std::vector<SendResponse> acks;
  std::optional<absl::Status> end;
};

Awaitable<void> ReadReplies(std::shared_ptr<HttpBody> body, std::shared_ptr<Replies> replies) {
  EnvelopeParser parser(1000, "test");
  for (;;) {
    HttpBody::Piece piece = co_await body->Read();
    if (!piece.ok() || !*piece) {
      replies->end = piece.status();
      co_return;
    }
    parser.Feed(**piece);
    absl::StatusOr<std::optional<Envelope>> envelope = parser.Next();
    EXPECT_TRUE(envelope.ok() && envelope->has_value()) << "an envelope in each piece";
    absl::StatusOr<SendResponse> reply =
        DecodeSendResponse(Codec::kJson, (*envelope)->payload, Limits());
    EXPECT_TRUE(reply.ok()) << reply.status();
    replies->acks.push_back(*reply);
  }
}

class SessionUploadTest : public testing::Test {
 protected:
  ~SessionUploadTest() override {
    tasks_.Cancel();
    Run();
  }

  void Start(size_t max_unread_bytes = 1 << 20) {
    ServerSession::Options options;
    options.id = "0123456789abcdef0123456789abcdef";
    options.limits.max_unread_bytes = max_unread_bytes;
    options.limits.max_send_bytes = 10'000;
    options.clock = &clock_;
    options.executor = home_.get_executor();
    options.blocking_executor = home_.get_executor();
    options.methods = &methods_;
    options.calls = &calls_;
    options.budget = budget_;
    options.client_session_window = 1 << 20;
    session_ = ServerSession::Create(std::move(options));
    request_ = std::make_shared<Pieces>();
    replies_ = std::make_shared<Replies>();
    SessionUpload::Options upload;
    upload.session = session_;
    upload.request = std::make_unique<RequestBody>(request_);
    upload.ends_at = clock_.Now() + absl::Minutes(10);
    upload.clock = &clock_;
    upload.receiving = &receiving_;
    tasks_.Spawn(ReadReplies(std::make_shared<SessionUpload>(std::move(upload)), replies_));
    Run();
  }
  void Run() {
    home_.restart();
    home_.poll();
  }
  void Send(std::string bytes) {
    request_->pieces.push_back(std::move(bytes));
    request_->arrived.Notify();
    Run();
  }
  void End() {
    request_->ended = true;
    request_->arrived.Notify();
    Run();
  }
  // Pings and pongs are frames as any, and their session takes them.
  static std::string Frames(uint64_t seq, int count, const Frame& frame = Frame{0, PongFrame()}) {
    SendRequest send;
    send.seq = seq;
    std::string frames, encoded, envelope;
    for (int i = 0; i < count; ++i) {
      if (i > 0) frames += ',';
      EncodeFrame(Codec::kJson, frame, frames);
    }
    EncodeSendRequest(Codec::kJson, send, frames, encoded);
    AppendEnvelope(0, encoded, envelope);
    return envelope;
  }
  // The numbers that were acknowledged.
  std::vector<uint64_t> Acks() const {
    std::vector<uint64_t> acks;
    for (const SendResponse& reply : replies_->acks) acks.push_back(reply.ack);
    return acks;
  }
  // Where the session is.
  uint64_t Received() { return session_->Receive(1, 0, {})->ack; }

  ManualClock clock_;
  MethodRegistry methods_{{}};
  std::shared_ptr<SessionBudget> budget_ = std::make_shared<SessionBudget>(1 << 20);
  ByteBudget receiving_{100'000, "test"};
  asio::io_context home_{1};
  CallGroup calls_{home_.get_executor(), 10};
  std::shared_ptr<ServerSession> session_;
  std::shared_ptr<Pieces> request_;
  std::shared_ptr<Replies> replies_;
  TaskGroup tasks_{home_.get_executor()};
};

using Numbers = std::vector<uint64_t>;

TEST_F(SessionUploadTest, AnswersTheFirstEnvelopeAtOnce) {
  Start();
  Send(Frames(1, 0));
  EXPECT_EQ(Acks(), Numbers({0}));
}

TEST_F(SessionUploadTest, TakesFramesHoweverTheyAreCut) {
  const std::string bytes = Frames(1, 2) + Frames(3, 1) + Frames(4, 5);
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    Start();
    Send(bytes.substr(0, cut));
    if (cut < bytes.size()) Send(bytes.substr(cut));
    EXPECT_EQ(Received(), 8u) << cut;
    End();
    ASSERT_TRUE(replies_->end.has_value()) << cut;
    EXPECT_THAT(*replies_->end, IsOk()) << cut;
    EXPECT_EQ(Acks().back(), 8u) << cut;
  }
}

TEST_F(SessionUploadTest, AcknowledgesOnceASecondWhileFramesCome) {
  Start();
  Send(Frames(1, 1));
  Send(Frames(2, 1));
  Send(Frames(3, 1));
  EXPECT_EQ(Acks(), Numbers({1}));
  clock_.Advance(absl::Seconds(1));
  Send(Frames(4, 1));
  EXPECT_EQ(Acks(), Numbers({1, 4}));
}

TEST_F(SessionUploadTest, AcknowledgesAPingAtOnce) {
  Start();
  Send(Frames(1, 1));
  Send(Frames(2, 1, Frame{0, PingFrame()}));
  EXPECT_EQ(Acks(), Numbers({1, 2}));
}

TEST_F(SessionUploadTest, AcknowledgesAQuarterOfTheWindowAtOnce) {
  Start();
  uint64_t seq = 1;
  for (int i = 0; i < 60; ++i, seq += 500) Send(Frames(seq, 500));  // of some 10 bytes each
  EXPECT_GE(Acks().size(), 2u);
  EXPECT_LE(Acks().size(), 4u);
}

TEST_F(SessionUploadTest, DropsFramesThatTheSessionHas) {
  Start();
  Send(Frames(1, 5));
  Send(Frames(3, 4));
  EXPECT_EQ(Received(), 6u);
}

TEST_F(SessionUploadTest, EndsWhereAFrameIsMissing) {
  Start();
  Send(Frames(2, 1));
  ASSERT_TRUE(replies_->end.has_value());
  EXPECT_THAT(*replies_->end, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_FALSE(session_->ended()) << "the client may send it";
}

// The next event of a down-stream: the number of its last frame.
Awaitable<void> TakeEvent(std::shared_ptr<ServerSession> session, uint64_t stream,
                          std::shared_ptr<uint64_t> last) {
  const auto event = co_await session->NextEvent(stream);
  EXPECT_TRUE(event.ok() && *event && **event != nullptr);
  const std::string& text = ***event;
  *last = std::stoull(text.substr(text.find('-') + 1));
}

TEST_F(SessionUploadTest, WaitsWhileTheSessionHasNoRoom) {
  Start();
  // Each is answered by a frame that the client has not acknowledged, until there are too many.
  uint64_t seq = 1;
  for (int i = 0; i < 100; ++i, seq += 100) Send(Frames(seq, 100, Frame{0, PingFrame()}));
  const uint64_t before = Received();
  ASSERT_LT(before, 10000u);
  clock_.Advance(absl::Seconds(1));
  Run();
  EXPECT_EQ(Received(), before);
  // A down-stream takes them, and the client says so.
  ServerSession::AttachOptions attach;
  attach.attempt = 1;
  const absl::StatusOr<uint64_t> stream = session_->Attach(attach);
  ASSERT_THAT(stream, IsOk());
  for (int turn = 0; turn < 40 && Received() < 10000; ++turn) {
    auto taken = std::make_shared<uint64_t>(0);
    tasks_.Spawn(TakeEvent(session_, *stream, taken));
    Run();
    ASSERT_GT(*taken, 0u);
    ASSERT_THAT(session_->Receive(1, *taken, {}), IsOk());
    clock_.Advance(absl::Seconds(1));
    Run();
  }
  EXPECT_EQ(Received(), 10000u);
}

TEST_F(SessionUploadTest, EndsWithTheSession) {
  Start();
  Send(Frames(1, 1));
  session_->End("the test says so");
  Send(Frames(2, 1));
  ASSERT_TRUE(replies_->end.has_value());
  EXPECT_THAT(*replies_->end, StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(SessionUploadTest, EndsInTimeForTheClientToSayAgainWhoItIs) {
  Start();
  Send(Frames(1, 1));
  clock_.Advance(absl::Minutes(10));
  Send(Frames(2, 1));
  ASSERT_TRUE(replies_->end.has_value());
  EXPECT_THAT(*replies_->end, IsOk());
  EXPECT_EQ(Acks().back(), 2u);
}

TEST_F(SessionUploadTest, RefusesWhatIsNoEnvelopeOfFrames) {
  std::string huge;
  AppendEnvelope(0, std::string(10'001, 'x'), huge);
  std::string text;
  AppendEnvelope(0, "hello", text);
  const std::pair<std::string, absl::StatusCode> kCases[] = {
      {"hello, world", absl::StatusCode::kInvalidArgument},
      {text, absl::StatusCode::kInvalidArgument},
      {huge, absl::StatusCode::kResourceExhausted},
  };
  for (const auto& [bytes, code] : kCases) {
    Start();
    Send(bytes);
    ASSERT_TRUE(replies_->end.has_value()) << bytes;
    EXPECT_THAT(*replies_->end, StatusIs(code)) << bytes;
    EXPECT_FALSE(session_->ended());
  }
}

}  // namespace
}  // namespace runnel
