// What a session keeps for a client that takes nothing, whichever way, is bounded: its handler
// wants to write 1 GiB, and stops.

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/core/codec.h"
#include "runtime/server/endpoint.h"
#include "runtime/server/session_table.h"
#include "runtime/testing/in_process_http.h"
#include "runtime/testing/manual_clock.h"
#include "runtime/wire/frame_codec.h"
#include "tests/end_to_end/scripted_service.h"

namespace end_to_end {
namespace {

using runnel::Awaitable;
using runnel::Codec;

constexpr size_t kTotalBytes = 1 << 30;
// Frames that no window holds back, and what the event that holds the last message adds to it.
constexpr size_t kControlBytes = 64 * 1024;

enum class Client {
  kSilent,    // reads all that comes, and acknowledges nothing
  kStalled,   // stays attached, and its connection takes nothing more
  kDetached,  // has lost its stream
};

struct HeldCase {
  Client client;
  Codec codec;
  int message_bytes;
};

std::string NameOf(const HeldCase& held) {
  const std::string client = held.client == Client::kSilent    ? "Silent"
                             : held.client == Client::kStalled ? "Stalled"
                                                               : "Detached";
  return absl::StrCat(client, held.codec == Codec::kJson ? "Json" : "Proto", held.message_bytes);
}

void PrintTo(const HeldCase& held, std::ostream* out) { *out << NameOf(held); }

// A server and its client's connection, on one loop and in virtual time.
class HeldTest : public ::testing::TestWithParam<HeldCase> {
 protected:
  ~HeldTest() override {
    body_.reset();
    for (const auto& session : sessions_.All()) session->End("the test is over");
    endpoint_.calls().CancelAll(absl::UnavailableError("the test is over"));
    http_.CutAll();
    LetRun();
    EXPECT_EQ(http_.open_exchanges(), 0u);
  }

  runnel::EndpointOptions Options() {
    if (!methods_.Add(service_).ok()) std::abort();
    runnel::EndpointOptions options;
    options.executor = context_.get_executor();
    options.blocking_executor = context_.get_executor();
    options.methods = &methods_;
    options.sessions = &sessions_;
    options.clock = &clock_;
    return options;
  }

  // Opens a session whose only call streams down, and whose client would take everything at once.
  runnel::HttpRequest Open() const {
    const Codec codec = GetParam().codec;
    Request request;
    const int bytes = GetParam().message_bytes;
    request.mutable_script()->set_bare(bytes == 0);
    request.mutable_script()->set_payload_bytes(bytes);
    request.mutable_script()->set_count(static_cast<int>(kTotalBytes) / std::max(bytes, 1));
    runnel::MessageFrame message;
    EXPECT_EQ(runnel::EncodeMessage(codec, request, message.payload), absl::OkStatus());
    message.size = message.payload.size();
    runnel::OpenFrame call;
    call.method = "/end_to_end.v1.Scripted/Down";
    call.message = std::move(message);
    call.half_close = true;
    std::string frames;
    runnel::EncodeFrame(codec, runnel::Frame{1, std::move(call)}, frames);
    runnel::OpenRequest open;
    open.secret = std::string(64, 'a');
    open.call_window_bytes = open.session_window_bytes = kTotalBytes;
    std::string body;
    runnel::EncodeOpenRequest(codec, open, frames, body);
    runnel::HttpRequest http;
    http.target = "/runnel.v1.Channel/Open";
    http.headers.Add("content-type",
                     codec == Codec::kJson ? "application/json" : "application/proto");
    http.headers.Add("accept", "text/event-stream");
    http.body = runnel::StringBody(std::move(body));
    return http;
  }

  static Awaitable<void> Begin(HeldTest& test) {
    absl::StatusOr<runnel::HttpResponse> response = co_await test.http_.Send(test.Open());
    EXPECT_EQ(response.status(), absl::OkStatus());
    if (!response.ok()) co_return;
    EXPECT_EQ(response->status, 200);
    test.body_ = std::move(response->body);
    if (GetParam().client == Client::kDetached) test.body_.reset();
    while (GetParam().client == Client::kSilent) {
      absl::StatusOr<std::optional<std::string_view>> piece = co_await test.body_->Read();
      if (!piece.ok() || !*piece) break;
      test.taken_ += (*piece)->size();
    }
  }

  // Everything that can happen at this moment.
  void LetRun() {
    context_.restart();
    while (context_.poll() > 0) context_.restart();
  }

  // Of the one session; 0 when it is no more.
  size_t Held() const {
    size_t held = 0;
    for (const auto& session : sessions_.All()) held += session->held_bytes();
    return held;
  }

  // What the session may hold: its window, and the message that was begun while it was open, in
  // base64.
  size_t Bound() const {
    const size_t message = static_cast<size_t>(GetParam().message_bytes);
    return runnel::Limits().session_window_bytes + message + message / 3 + kControlBytes;
  }

  boost::asio::io_context context_{1};
  runnel::ManualClock clock_;
  ScriptedService service_;
  runnel::MethodRegistry methods_;
  runnel::SessionTable sessions_{runnel::Limits(), clock_};
  runnel::Endpoint endpoint_{Options()};
  runnel::InProcessHttp http_{context_.get_executor(), endpoint_};
  std::unique_ptr<runnel::HttpBody> body_;
  size_t taken_ = 0;
};

TEST_P(HeldTest, StopsItsProducer) {
  boost::asio::co_spawn(context_, Begin(*this), boost::asio::detached);
  LetRun();
  ASSERT_EQ(sessions_.All().size(), 1u);
  // The producer had the window for itself. Parts of a large message wait in its call until some of
  // those before them are sent.
  const bool waits = GetParam().message_bytes > 64 * 1024 && GetParam().client != Client::kSilent;
  EXPECT_GE(Held(), waits ? 128 * 1024 : runnel::Limits().session_window_bytes);
  const int written = service_.journal().Count("written");
  EXPECT_GT(written, 0);
  if (GetParam().client == Client::kSilent) {
    EXPECT_GT(taken_, Held() / 2);
  }
  size_t most = Held();
  const runnel::SessionTimes times;
  const absl::Time end = clock_.Now() + times.lease + times.resume_window + absl::Seconds(1);
  while (clock_.Now() < end) {
    clock_.Advance(absl::Seconds(1));
    LetRun();
    most = std::max(most, Held());
  }
  EXPECT_LE(most, Bound());
  EXPECT_EQ(service_.journal().Count("written"), written);
  // A client that gives no sign of life is not waited for.
  EXPECT_EQ(sessions_.All().size(), 0u);
  EXPECT_EQ(service_.journal().Count("cancelled for SESSION_LOST"), 1);
}

std::vector<HeldCase> AllCases() {
  std::vector<HeldCase> cases;
  for (const Client client : {Client::kSilent, Client::kStalled, Client::kDetached}) {
    for (const Codec codec : {Codec::kJson, Codec::kProto}) {
      for (const int bytes : {0, 100, 1 << 20}) cases.push_back({client, codec, bytes});
    }
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(All, HeldTest, ::testing::ValuesIn(AllCases()),
                         [](const auto& info) { return NameOf(info.param); });

}  // namespace
}  // namespace end_to_end
