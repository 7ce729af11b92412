// Logs, metrics and the debug service, on a server that calls are made to.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <regex>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "prometheus/counter.h"
#include "prometheus/registry.h"
#include "runnel/debug_service.h"
#include "runnel/metrics_handler.h"
#include "runnel/server_log.h"
#include "runtime/async/io_thread.h"
#include "runtime/client/channel.h"
#include "tests/end_to_end/scripted_service.h"
#include "tests/interop/raw_http.h"

namespace operations {
namespace {

using end_to_end::Reply;
using end_to_end::Request;
using end_to_end::Scripted;
using runnel::CallOptions;
using runnel::Route;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class MemorySink final : public runnel::LogSink {
 public:
  void Write(std::string_view line) override {
    std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
  }
  // Those with all of `parts`.
  std::vector<std::string> Lines(const std::vector<std::string>& parts = {}) const {
    std::lock_guard lock(mutex_);
    std::vector<std::string> found;
    for (const std::string& line : lines_) {
      const bool all = std::all_of(parts.begin(), parts.end(), [&](const std::string& part) {
        return line.find(part) != line.npos;
      });
      if (all) found.push_back(line);
    }
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

runnel::Awaitable<absl::StatusOr<std::string>> ByBearer(const runnel::Caller& caller) {
  const std::string_view header = caller.headers.Get("authorization").value_or("");
  if (header != "Bearer secret-token") co_return absl::UnauthenticatedError("who are you?");
  co_return "lovelace";
}

struct OperatedOptions {
  runnel::ServerLogOptions log;
  runnel::DebugOptions debug;
  bool authenticate = false;
  bool count_principals = false;
  runnel::Authorizer authorize;
};

class Operated {
 public:
  explicit Operated(const OperatedOptions& options = {})
      : sink_(std::make_shared<MemorySink>()), debug_(options.debug) {
    runnel::ServerOptions server;
    server.listen = "127.0.0.1:0";
    server.threads = 2;
    server.observers.push_back(std::make_shared<runnel::ServerLog>(sink_, options.log));
    if (options.authenticate) server.authenticate = ByBearer;
    server.authorize = options.authorize;
    if (options.count_principals) server.observers.push_back(metrics_.CountPrincipals(1));
    server_ = std::make_unique<runnel::Server>(server);
    EXPECT_EQ(server_->AddService(scripted_), absl::OkStatus());
    EXPECT_EQ(debug_.AddTo(*server_), absl::OkStatus());
    EXPECT_EQ(metrics_.AddTo(*server_), absl::OkStatus());
    EXPECT_EQ(server_->Start(), absl::OkStatus());
    runnel::ChannelOptions channel;
    if (options.authenticate) {
      channel.credentials = [this]() -> absl::StatusOr<runnel::Metadata> {
        const char* const token = wrong_token_ ? "secret-but-wrong" : "secret-token";
        return runnel::Metadata{{"authorization", std::string("Bearer ") + token}};
      };
    }
    channel_ = runnel::Channel::Connect(io_.executor(), server_->url(), std::move(channel));
  }
  ~Operated() {
    channel_.reset();
    server_.reset();
  }

  const MemorySink& log() const { return *sink_; }
  int port() const { return server_->port(); }
  end_to_end::Journal& journal() { return scripted_.journal(); }
  runnel::MetricsHandler& metrics() { return metrics_; }
  void UseWrongToken() { wrong_token_ = true; }
  void Shutdown() { server_->Shutdown(absl::ZeroDuration()); }
  const std::shared_ptr<runnel::Channel>& channel() { return channel_; }

  absl::Status Unary(Route route, CallOptions options = {}, const std::string& error = "") {
    Request request;
    if (!error.empty()) {
      request.mutable_script()->mutable_fail()->set_code(3);
      request.mutable_script()->mutable_fail()->set_message(error);
    }
    options.route = route;
    Scripted::Stub stub(channel_);
    return io_.BlockOn(stub.Unary(request, options)).status();
  }
  template <typename T>
  T BlockOn(runnel::Awaitable<T> task) {
    return io_.BlockOn(std::move(task));
  }
  std::string Scrape() { return interop::Get(port(), "/metrics").body; }

 private:
  std::shared_ptr<MemorySink> sink_;
  std::atomic<bool> wrong_token_ = false;
  end_to_end::ScriptedService scripted_;
  runnel::DebugService debug_;
  runnel::MetricsHandler metrics_;
  std::unique_ptr<runnel::Server> server_;
  runnel::IoThread io_;
  std::shared_ptr<runnel::Channel> channel_;
};

CallOptions WithSecrets() {
  CallOptions options;
  options.metadata.Add("cookie", "id=secret-cookie");
  options.metadata.Add("x-api-key", "secret-key");
  return options;
}

// --- logs

TEST(ServerLogTest, WritesALineForEachCall) {
  for (Route route : {Route::kDirect, Route::kSession}) {
    Operated operated;
    ASSERT_EQ(operated.Unary(route), absl::OkStatus());
    const auto lines = operated.log().Lines({"event=call"});
    ASSERT_THAT(lines, SizeIs(1));
    const std::string transport = route == Route::kDirect ? "direct" : "session";
    EXPECT_THAT(lines[0], ContainsRegex("^time=[0-9TZ:.-]+ event=call "
                                        "method=/end_to_end.v1.Scripted/Unary kind=unary code=ok "
                                        "peer=127.0.0.1:[0-9]+ transport=" +
                                        transport +
                                        "( session=[0-9a-f]+)? duration_ms=[0-9.]+ received=1 "
                                        "received_bytes=[0-9]+ sent=1 sent_bytes=[0-9]+\n$"));
  }
}

TEST(ServerLogTest, JsonLinesAreJsonWhateverAHandlerSays) {
  OperatedOptions options;
  options.log.format = runnel::LogFormat::kJson;
  Operated operated(options);
  const std::string evil = "a \"quote\"\nevent=call \x1b[31m \\ \u2028 end";
  ASSERT_FALSE(operated.Unary(Route::kDirect, {}, evil).ok());
  const auto lines = operated.log().Lines({"\"event\":\"call\""});
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].find('\n'), lines[0].size() - 1);
  EXPECT_THAT(lines[0], Not(HasSubstr("\x1b")));
  const auto line = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(line["message"], evil);
  EXPECT_EQ(line["code"], "invalid_argument");
  EXPECT_EQ(line["received"], 1);
}

TEST(ServerLogTest, WritesWhatBecomesOfASession) {
  Operated operated;
  ASSERT_EQ(operated.Unary(Route::kSession), absl::OkStatus());
  operated.Shutdown();
  EXPECT_THAT(operated.log().Lines({"event=session", "change=opened"}), SizeIs(1));
  EXPECT_THAT(operated.log().Lines({"event=session", "change=attached"}), SizeIs(1));
  EXPECT_THAT(operated.log().Lines({"event=session", "change=draining"}), SizeIs(1));
  EXPECT_THAT(operated.log().Lines({"event=session", "change=ended"}), SizeIs(1));
}

TEST(ServerLogTest, HasNoSecretsAndNoNamesUnlessAsked) {
  for (const bool principals : {false, true}) {
    for (Route route : {Route::kDirect, Route::kSession}) {
      OperatedOptions options;
      options.authenticate = true;
      options.log.principals = principals;
      options.log.spans = true;
      Operated operated(options);
      ASSERT_EQ(operated.Unary(route, WithSecrets()), absl::OkStatus());
      operated.UseWrongToken();
      ASSERT_EQ(operated.Unary(Route::kDirect).code(), absl::StatusCode::kUnauthenticated);
      operated.Shutdown();
      EXPECT_THAT(operated.log().Lines(), Each(Not(HasSubstr("secret-"))));
      EXPECT_THAT(operated.log().Lines({"event=call", "principal=lovelace"}),
                  SizeIs(principals ? 1 : 0));
      EXPECT_THAT(operated.log().Lines({"lovelace"}).empty(), !principals);
      EXPECT_FALSE(operated.log().Lines({"event=refused", "reason=authentication"}).empty());
      // 64 digits are a secret of a session.
      const std::regex secret("[0-9a-f]{64}");
      for (const std::string& line : operated.log().Lines()) {
        EXPECT_FALSE(std::regex_search(line, secret)) << line;
      }
    }
  }
}

TEST(ServerLogTest, WritesASpanOfTheCallersTrace) {
  OperatedOptions options;
  options.log.spans = true;
  options.log.format = runnel::LogFormat::kJson;
  Operated operated(options);
  const runnel::TraceContext caller = runnel::TraceContext::Begin();
  CallOptions call;
  caller.AddTo(call.metadata);
  ASSERT_EQ(operated.Unary(Route::kDirect, call), absl::OkStatus());
  const auto spans = operated.log().Lines({"\"event\":\"span\""});
  ASSERT_THAT(spans, SizeIs(1));
  const auto span = nlohmann::json::parse(spans[0]);
  EXPECT_EQ(span["trace_id"], caller.trace_id);
  EXPECT_EQ(span["parent_id"], caller.span_id);
  EXPECT_EQ(span["name"], "end_to_end.v1.Scripted/Unary");
  EXPECT_EQ(span["status"], "ok");
  EXPECT_TRUE(span.contains("start"));
  EXPECT_TRUE(span["duration_ms"].is_number());
  const auto calls = operated.log().Lines({"\"event\":\"call\""});
  ASSERT_THAT(calls, SizeIs(1));
  EXPECT_EQ(nlohmann::json::parse(calls[0])["span_id"], span["span_id"]);
}

// --- metrics

TEST(MetricsTest, CountCallsByMethodAndCode) {
  Operated operated;
  ASSERT_EQ(operated.Unary(Route::kDirect), absl::OkStatus());
  ASSERT_EQ(operated.Unary(Route::kSession), absl::OkStatus());
  ASSERT_FALSE(operated.Unary(Route::kDirect, {}, "no").ok());
  const std::string text = operated.Scrape();
  const std::string unary =
      R"({grpc_type="unary",grpc_service="end_to_end.v1.Scripted",grpc_method="Unary")";
  EXPECT_THAT(text, HasSubstr("grpc_server_started_total" + unary + "} 3\n"));
  EXPECT_THAT(text, HasSubstr("grpc_server_handled_total" + unary + R"(,grpc_code="OK"} 2)"));
  EXPECT_THAT(
      text, HasSubstr("grpc_server_handled_total" + unary + R"(,grpc_code="InvalidArgument"} 1)"));
  EXPECT_THAT(text, HasSubstr("grpc_server_handling_seconds_count" + unary + "} 3\n"));
  EXPECT_THAT(text, HasSubstr("grpc_server_handling_seconds_bucket" + unary + R"(,le="+Inf"} 3)"));
  EXPECT_THAT(text, HasSubstr("grpc_server_msg_received_total" + unary + "} 3\n"));
  EXPECT_THAT(text, HasSubstr("grpc_server_msg_sent_total" + unary + "} 2\n"));
  EXPECT_THAT(text, HasSubstr("\nrunnel_server_sessions 1\n"));
  EXPECT_THAT(text, HasSubstr("\nrunnel_server_sessions_opened_total 1\n"));
  EXPECT_THAT(text, HasSubstr(R"(runnel_server_refused_total{reason="max_calls"} 0)"));
  EXPECT_THAT(text, ContainsRegex("\nprocess_resident_memory_bytes [0-9]"));
}

TEST(MetricsTest, CountWhatTheAuthorizerRefusesAndTheLogHasIt) {
  OperatedOptions options;
  options.authorize = [](std::string_view method, std::string_view, const runnel::Metadata&) {
    if (!method.starts_with("/end_to_end.v1.Scripted/")) return absl::OkStatus();
    return absl::PermissionDeniedError("not for you");
  };
  Operated operated(options);
  for (Route route : {Route::kDirect, Route::kSession}) {
    EXPECT_EQ(operated.Unary(route).code(), absl::StatusCode::kPermissionDenied);
    CallOptions call;
    call.route = route;
    Scripted::Stub scripted(operated.channel());
    auto stream = scripted.Down(Request(), call);
    EXPECT_EQ(operated.BlockOn(stream.Read()).status().code(), absl::StatusCode::kPermissionDenied);
  }
  const std::string text = operated.Scrape();
  for (const std::string method : {R"(grpc_type="unary",grpc_service="end_to_end.v1.Scripted",)"
                                   R"(grpc_method="Unary")",
                                   R"(grpc_type="server_stream",)"
                                   R"(grpc_service="end_to_end.v1.Scripted",grpc_method="Down")"}) {
    EXPECT_THAT(text, HasSubstr("grpc_server_handled_total{" + method +
                                R"(,grpc_code="PermissionDenied"} 2)"));
  }
  EXPECT_THAT(operated.log().Lines({"event=call", "code=permission_denied"}), SizeIs(4));
}

TEST(MetricsTest, UnknownMethodsMakeNoSeries) {
  Operated operated;
  for (int i = 0; i < 5; ++i) {
    const std::string path = "/nobody.v1.Service/Method" + std::to_string(i);
    EXPECT_EQ(interop::Post(operated.port(), path, "application/json", "{}").status, 404);
  }
  const std::string text = operated.Scrape();
  EXPECT_THAT(text, Not(HasSubstr("nobody")));
  EXPECT_THAT(text, HasSubstr(R"(runnel_server_refused_total{reason="unknown_method"} 5)"));
}

TEST(MetricsTest, AreForGet) {
  Operated operated;
  const interop::RawResponse got = interop::Get(operated.port(), "/metrics?x=1");
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.headers.at("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const auto posted = interop::Post(operated.port(), "/metrics", "application/json", "{}");
  EXPECT_EQ(posted.status, 405);
  EXPECT_EQ(posted.headers.at("allow"), "GET, HEAD");
}

TEST(MetricsTest, NameNobodyUnlessAsked) {
  for (const bool asked : {false, true}) {
    OperatedOptions options;
    options.authenticate = true;
    options.count_principals = asked;
    Operated operated(options);
    ASSERT_EQ(operated.Unary(Route::kDirect, WithSecrets()), absl::OkStatus());
    const std::string text = operated.metrics().Text();
    EXPECT_EQ(text.find("lovelace") != text.npos, asked);
    EXPECT_THAT(text, Not(HasSubstr("secret-")));
    if (asked) {
      EXPECT_THAT(text,
                  HasSubstr(R"(runnel_server_principal_calls_total{principal="lovelace"} 1)"));
    }
  }
}

TEST(MetricsTest, ShowARegistryOfOnesOwnToo) {
  auto registry = std::make_shared<prometheus::Registry>();
  prometheus::BuildCounter()
      .Name("cups_total")
      .Help("Cups of tea.")
      .Register(*registry)
      .Add({{"kind", "green"}})
      .Increment(3);
  runnel::MetricsHandler metrics;
  metrics.Add(registry);
  EXPECT_THAT(metrics.Text(), HasSubstr("cups_total{kind=\"green\"} 3\n"));
}

// --- the debug service

TEST(DebugTest, ShowsSessionsCallsAndConnections) {
  for (const bool principals : {false, true}) {
    OperatedOptions options;
    options.authenticate = true;
    options.debug.principals = principals;
    Operated operated(options);
    Scripted::Stub scripted(operated.channel());
    Request waiting;
    waiting.mutable_script()->set_wait_for_cancel(true);
    CallOptions on_session = WithSecrets();
    on_session.route = Route::kSession;
    waiting.mutable_script()->set_count(1);
    auto stream = scripted.Down(waiting, on_session);
    ASSERT_TRUE(operated.BlockOn(stream.Read()).ok());
    ASSERT_TRUE(operated.journal().Await("waiting"));

    runnel::v1::Debug::Stub debug(operated.channel());
    CallOptions direct = WithSecrets();
    direct.route = Route::kDirect;
    const auto calls = operated.BlockOn(debug.ListCalls(runnel::v1::ListCallsRequest(), direct));
    ASSERT_TRUE(calls.ok()) << calls.status();
    ASSERT_THAT(calls->calls(), SizeIs(2));  // this one is among them
    const auto down = std::find_if(
        calls->calls().begin(), calls->calls().end(),
        [](const auto& call) { return call.method() == "/end_to_end.v1.Scripted/Down"; });
    ASSERT_NE(down, calls->calls().end());
    EXPECT_EQ(down->kind(), runnel::v1::CALL_KIND_SERVER_STREAM);
    EXPECT_EQ(down->transport(), "session");
    EXPECT_EQ(down->principal(), principals ? "lovelace" : "");
    EXPECT_FALSE(down->has_time_left());
    EXPECT_EQ(down->traffic().received_messages(), 1u);

    const auto sessions =
        operated.BlockOn(debug.ListSessions(runnel::v1::ListSessionsRequest(), direct));
    ASSERT_TRUE(sessions.ok()) << sessions.status();
    ASSERT_THAT(sessions->sessions(), SizeIs(1));
    EXPECT_EQ(sessions->sessions(0).id(), down->session());
    EXPECT_EQ(sessions->sessions(0).principal(), principals ? "lovelace" : "");
    EXPECT_TRUE(sessions->sessions(0).attached());
    EXPECT_EQ(sessions->sessions(0).calls(), 1u);
    EXPECT_EQ(sessions->sessions(0).streams(), 1u);

    const auto connections =
        operated.BlockOn(debug.ListConnections(runnel::v1::ListConnectionsRequest(), direct));
    ASSERT_TRUE(connections.ok()) << connections.status();
    EXPECT_GE(connections->connections_size(), 2);

    const auto state = operated.BlockOn(debug.GetServer(runnel::v1::GetServerRequest(), direct));
    ASSERT_TRUE(state.ok()) << state.status();
    EXPECT_EQ(state->sessions(), 1u);
    EXPECT_EQ(state->calls(), 2u);
    EXPECT_EQ(state->event_loops(), 2u);
    EXPECT_GE(state->started().seconds(), 1);
    // The id alone opens nothing.
    const std::string headers = "runnel-session: " + down->session() + "." + std::string(64, '0') +
                                "\r\nauthorization: Bearer secret-token\r\n";
    interop::RawHttp http(operated.port());
    http.SendRequest("POST", "/runnel.v1.Channel/Close",
                     "content-type: application/json\r\n" + headers, "{}");
    EXPECT_EQ(http.Read().status, 404);
    stream.Cancel();
  }
}

TEST(DebugTest, WatchesTheServer) {
  Operated operated;
  runnel::v1::Debug::Stub debug(operated.channel());
  runnel::v1::WatchServerRequest request;
  request.mutable_interval()->set_nanos(1);  // taken as 100 ms
  auto stream = debug.WatchServer(request);
  for (int i = 0; i < 2; ++i) {
    const auto state = operated.BlockOn(stream.Read());
    ASSERT_TRUE(state.ok()) << state.status();
    ASSERT_TRUE(*state);
    EXPECT_EQ((*state)->calls(), 1u);
  }
  stream.Cancel();
}

TEST(DebugTest, IsNotThereUnlessAdded) {
  runnel::ServerOptions options;
  options.listen = "127.0.0.1:0";
  runnel::Server server(options);
  ASSERT_EQ(server.Start(), absl::OkStatus());
  EXPECT_EQ(
      interop::Post(server.port(), "/runnel.v1.Debug/GetServer", "application/json", "{}").status,
      404);
  EXPECT_EQ(interop::Get(server.port(), "/metrics").status, 404);
}

}  // namespace
}  // namespace operations
