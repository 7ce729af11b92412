// Feeds on a real server: what subscribers of each kind get, and how often it is encoded.

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "google/protobuf/wrappers.pb.h"
#include "gtest/gtest.h"
#include "runnel/client.h"
#include "runnel/server.h"
#include "runtime/core/message_json.h"
#include "runtime/server/direct_call.h"
#include "runtime/topic/feed_test.runnel.h"
#include "runtime/topic/memory_topic_log.h"
#include "runtime/topic/topic.h"

namespace topic_test::v1 {
namespace {

Tick Numbered(int number) {
  Tick tick;
  tick.set_number(number);
  tick.set_text("tick");
  return tick;
}

// Serves the feed from its oldest message on.
class FeedService final : public Feeds::Service {
 public:
  explicit FeedService(runnel::Topic<Tick>& ticks) : ticks_(ticks) {}

  runnel::Awaitable<absl::Status> Watch(runnel::ServerContext& context, const WatchRequest&,
                                        runnel::Writer<Tick>& out) override {
    return ticks_.Serve(context, out, FromOldest());
  }
  runnel::Awaitable<absl::Status> WatchOnly(runnel::ServerContext& context, const WatchRequest&,
                                            runnel::Writer<Tick>& out) override {
    return ticks_.Serve(context, out, FromOldest());
  }

 private:
  static runnel::SubscribeOptions FromOldest() {
    runnel::SubscribeOptions options;
    options.start = runnel::SubscribeOptions::Start::kOldest;
    return options;
  }

  runnel::Topic<Tick>& ticks_;
};

// Doubles every message's number on its way out.
class Doubler final : public runnel::ServerInterceptor {
 public:
  class Out final : public runnel::MessageWriter {
   public:
    explicit Out(runnel::MessageWriter& out) : out_(out) {}
    runnel::Awaitable<absl::Status> Write(const google::protobuf::Message& message,
                                          const runnel::WriteOptions& options) override {
      Tick tick = static_cast<const Tick&>(message);
      tick.set_number(2 * tick.number());
      co_return co_await out_.Write(tick, options);
    }

   private:
    runnel::MessageWriter& out_;
  };

  runnel::Awaitable<absl::Status> Intercept(runnel::ServerContext& context,
                                            runnel::MessageReader& in, runnel::MessageWriter& out,
                                            const runnel::MethodHandler& next) override {
    Out wrapped(out);
    co_return co_await next(context, in, wrapped);
  }
};

class FeedTest : public testing::Test {
 protected:
  static runnel::TopicOptions Bounded() {
    runnel::TopicOptions options;
    options.log = std::make_unique<runnel::MemoryTopicLog>(100, 1 << 20, "e");
    return options;
  }
  void Start(std::vector<std::shared_ptr<runnel::ServerInterceptor>> interceptors = {}) {
    runnel::ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.threads = 2;
    options.interceptors = std::move(interceptors);
    server_ = std::make_unique<runnel::Server>(std::move(options));
    absl::Status status = server_->AddService(service_);
    if (status.ok()) status = server_->Start();
    ASSERT_TRUE(status.ok()) << status;
  }
  Feeds::Stub Stub(const runnel::ChannelOptions& options) {
    return Feeds::Stub(runnel::Channel::Connect(io_.executor(), server_->url(), options));
  }
  static runnel::ChannelOptions Direct(runnel::Codec codec = runnel::Codec::kJson) {
    runnel::ChannelOptions options;
    options.route = runnel::Route::kDirect;
    options.codec = codec;
    return options;
  }
  void Publish(int number) {
    const absl::Status published = ticks_.Publish(Numbered(number)).status();
    EXPECT_TRUE(published.ok()) << published;
  }
  int Next(runnel::ClientReader<Tick>& reader) {
    const absl::StatusOr<std::optional<Tick>> tick = io_.BlockOn(reader.Read());
    EXPECT_TRUE(tick.ok()) << tick.status();
    return tick.ok() && tick->has_value() ? static_cast<int>((*tick)->number()) : -1;
  }
  absl::Status End(runnel::ClientReader<Tick>& reader) {
    const absl::StatusOr<std::optional<Tick>> tick = io_.BlockOn(reader.Read());
    EXPECT_FALSE(tick.ok() && tick->has_value()) << "the stream goes on";
    return tick.status();
  }

  runnel::Topic<Tick> ticks_{Bounded()};
  FeedService service_{ticks_};
  std::unique_ptr<runnel::Server> server_;
  runnel::IoThread io_;
};

TEST_F(FeedTest, ServesEveryKindOfClient) {
  std::vector<runnel::ChannelOptions> kinds;
  for (const auto codec : {runnel::Codec::kJson, runnel::Codec::kProto}) {
    kinds.push_back(Direct(codec));
    kinds.push_back(Direct(codec));
    kinds.back().route = runnel::Route::kSession;
    kinds.push_back(Direct(codec));
    kinds.back().protocol = runnel::Protocol::kConnect;  // envelopes
  }
  Start();
  Publish(1);
  Publish(2);
  std::vector<runnel::ClientReader<Tick>> readers;
  for (const runnel::ChannelOptions& kind : kinds) {
    readers.push_back(Stub(kind).WatchOnly({}));
    EXPECT_EQ(Next(readers.back()), 1);
    EXPECT_EQ(Next(readers.back()), 2);
  }
  EXPECT_EQ(ticks_.subscribers(), kinds.size());
  Publish(3);
  ticks_.Close();
  for (runnel::ClientReader<Tick>& reader : readers) {
    EXPECT_EQ(Next(reader), 3);
    EXPECT_EQ(End(reader).code(), absl::StatusCode::kOk);
  }
}

TEST_F(FeedTest, ResumesAfterTheLastEventId) {
  Start();
  for (int i = 1; i <= 3; ++i) Publish(i);
  runnel::CallOptions options;
  options.last_event_id = "e-2";
  runnel::ClientReader<Tick> reader = Stub(Direct()).Watch({}, options);
  EXPECT_EQ(Next(reader), 3);
  EXPECT_FALSE(reader.initial_metadata().Get("feed-gap"));
}

// More than a connection takes at a time.
TEST_F(FeedTest, SendsALongBacklog) {
  for (const auto codec : {runnel::Codec::kJson, runnel::Codec::kProto}) {
    runnel::Topic<Tick> ticks;
    FeedService service(ticks);
    runnel::ServerOptions options;
    options.listen = "127.0.0.1:0";
    runnel::Server server(std::move(options));
    ASSERT_TRUE(server.AddService(service).ok());
    ASSERT_TRUE(server.Start().ok());
    for (int i = 1; i <= 300; ++i) {
      Tick tick = Numbered(i);
      tick.set_text(std::string(1000, 'x'));
      ASSERT_TRUE(ticks.Publish(tick).ok());
    }
    ticks.Close();
    for (const auto protocol : {runnel::Protocol::kRunnel, runnel::Protocol::kConnect}) {
      runnel::ChannelOptions channel = Direct(codec);
      channel.protocol = protocol;
      Feeds::Stub stub(runnel::Channel::Connect(io_.executor(), server.url(), channel));
      runnel::ClientReader<Tick> reader = stub.Watch({});
      for (int i = 1; i <= 300; ++i) ASSERT_EQ(Next(reader), i);
      EXPECT_EQ(End(reader).code(), absl::StatusCode::kOk);
    }
  }
}

TEST_F(FeedTest, SaysInItsMetadataThatThereIsAGap) {
  Start();
  Publish(1);
  runnel::CallOptions options;
  options.last_event_id = "before-the-restart-7";
  runnel::ClientReader<Tick> reader = Stub(Direct()).Watch({}, options);
  EXPECT_EQ(Next(reader), 1);
  EXPECT_EQ(reader.initial_metadata().Get("feed-gap"), "unknown");
}

TEST_F(FeedTest, ShowsInterceptorsEveryMessage) {
  Start({std::make_shared<Doubler>()});
  Publish(1);
  Publish(2);
  for (const auto route : {runnel::Route::kDirect, runnel::Route::kSession}) {
    runnel::ChannelOptions options;
    options.route = route;
    runnel::ClientReader<Tick> reader = Stub(options).Watch({});
    EXPECT_EQ(Next(reader), 2);
    EXPECT_EQ(Next(reader), 4);
  }
}

TEST_F(FeedTest, ForgetsClientsThatGoAway) {
  Start();
  Publish(1);
  for (const auto route : {runnel::Route::kDirect, runnel::Route::kSession}) {
    runnel::ChannelOptions options;
    options.route = route;
    runnel::ClientReader<Tick> reader = Stub(options).Watch({});
    EXPECT_EQ(Next(reader), 1);
    EXPECT_EQ(ticks_.subscribers(), 1u);
    reader.Cancel();
    EXPECT_EQ(End(reader).code(), absl::StatusCode::kCancelled);
    while (ticks_.subscribers() > 0) std::this_thread::yield();
  }
}

TEST_F(FeedTest, EndsWithAServerThatStops) {
  Start();
  Publish(1);
  runnel::ClientReader<Tick> reader = Stub(Direct()).Watch({});
  EXPECT_EQ(Next(reader), 1);
  server_.reset();
  EXPECT_EQ(End(reader).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ticks_.subscribers(), 0u);
  Publish(2);
}

// --- how often a message is encoded ---

using Text = google::protobuf::StringValue;

std::atomic<int> json_written = 0;
std::atomic<int> utf8_checked = 0;  // once for each time that the binary form is made

const runnel::MessageJsonRegistration kCountingText(
    []() -> const google::protobuf::Message& { return Text::default_instance(); },
    runnel::MessageJson{[](const google::protobuf::Message& message, std::string& out) {
                          ++json_written;
                          out += '"' + static_cast<const Text&>(message).value() + '"';
                          return absl::OkStatus();
                        },
                        [](std::string_view, const runnel::Limits&, google::protobuf::Message&) {
                          return absl::UnimplementedError("nobody reads it");
                        },
                        [](const google::protobuf::Message&) {
                          ++utf8_checked;
                          return true;
                        }});

class SharingTest : public testing::Test {
 protected:
  // A direct call that serves the feed.
  std::shared_ptr<runnel::DirectCall> Subscribe(runnel::Codec codec) {
    runnel::ServerContext::Call call;
    call.method = &method_;
    call.clock = &runnel::Clock::Real();
    call.executor = loop_.get_executor();
    runnel::DirectRequest request;
    request.framing = runnel::DirectFraming::kEvents;
    request.codec = codec;
    auto direct = std::make_shared<runnel::DirectCall>(std::move(call), std::move(request), limits_,
                                                       receiving_, absl::InfiniteDuration());
    direct->Start(calls_, handler_);
    return direct;
  }
  static runnel::Awaitable<absl::Status> Serve(runnel::Topic<Text>& topic,
                                               runnel::ServerContext& context,
                                               runnel::MessageWriter& messages) {
    runnel::Writer<Text> out(messages);
    co_return co_await topic.Serve(context, out);
  }
  static runnel::Awaitable<void> ReadBody(std::shared_ptr<runnel::DirectCall> call,
                                          std::string& out) {
    runnel::HttpResponse response = co_await runnel::DirectCall::Respond(call);
    // The head may leave before the first message.
    while (out.find("\n\n") == out.npos) {
      auto piece = co_await response.body->Read();
      if (!piece.ok() || !piece->has_value()) co_return;
      out += **piece;
    }
  }
  void Poll() {
    loop_.restart();
    loop_.poll();
  }

  static runnel::TopicOptions Epoch() {
    runnel::TopicOptions options;
    options.log = std::make_unique<runnel::MemoryTopicLog>(100, 1 << 20, "e");
    return options;
  }

  boost::asio::io_context loop_{1};
  runnel::MethodInfo method_;
  runnel::Limits limits_;
  runnel::ByteBudget receiving_{1 << 20, "test"};
  runnel::Topic<Text> topic_{Epoch()};
  runnel::MethodHandler handler_ = [this](runnel::ServerContext& context, runnel::MessageReader&,
                                          runnel::MessageWriter& out) {
    return Serve(topic_, context, out);
  };
  runnel::CallGroup calls_{loop_.get_executor(), 10'000};
};

TEST_F(SharingTest, EncodesAMessageOncePerCodecForAThousandSubscribers) {
  method_.path = "/test/Watch";
  method_.kind = runnel::CallKind::kServerStream;
  method_.resumable = true;
  std::vector<std::shared_ptr<runnel::DirectCall>> calls;
  for (int i = 0; i < 1000; ++i) {
    calls.push_back(Subscribe(i % 2 == 0 ? runnel::Codec::kJson : runnel::Codec::kProto));
  }
  Poll();
  ASSERT_EQ(topic_.subscribers(), 1000u);
  Text text;
  text.set_value("hi");
  ASSERT_TRUE(topic_.Publish(text).ok());
  EXPECT_EQ(json_written, 0);  // nobody has needed it yet
  std::vector<std::string> bodies(calls.size());
  {
    runnel::TaskGroup tasks(loop_.get_executor());
    for (size_t i = 0; i < calls.size(); ++i) tasks.Spawn(ReadBody(calls[i], bodies[i]));
    Poll();
  }
  for (size_t i = 0; i < bodies.size(); ++i) {
    EXPECT_EQ(bodies[i],
              i % 2 == 0 ? ": ok\nid: e-1\ndata: \"hi\"\n\n" : ": ok\nid: e-1\ndata: CgJoaQ\n\n");
  }
  EXPECT_EQ(json_written, 1);
  EXPECT_EQ(utf8_checked, 1);
  calls_.CancelAll(absl::CancelledError("the test is over"));
  Poll();
  EXPECT_EQ(topic_.subscribers(), 0u);
}

}  // namespace
}  // namespace topic_test::v1
