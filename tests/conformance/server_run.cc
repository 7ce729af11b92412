// The runner is the client.

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/async/task_group.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/server/endpoint.h"
#include "runtime/testing/in_process_http.h"
#include "tests/conformance/down_stream.h"
#include "tests/conformance/transcript_run.h"
#include "tests/end_to_end/scripted_service.h"

namespace conformance {
namespace {

using runnel::Awaitable;
using runnel::HttpBody;
using runnel::HttpRequest;
using runnel::HttpResponse;

absl::Status Wrong(const std::string& what) { return absl::FailedPreconditionError(what); }
absl::Status Nonsense(const std::string& what) { return absl::InvalidArgumentError(what); }

// The pieces come one by one: what reads has gone as far as it could in between.
class PiecesBody final : public HttpBody {
 public:
  explicit PiecesBody(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}

  Awaitable<absl::StatusOr<std::optional<std::string_view>>> Read() override {
    const runnel::Executor executor = co_await boost::asio::this_coro::executor;
    co_await boost::asio::post(executor, boost::asio::use_awaitable);
    if (next_ == pieces_.size()) co_return std::nullopt;
    co_return std::optional<std::string_view>(pieces_[next_++]);
  }
  std::optional<uint64_t> size() const override {
    uint64_t bytes = 0;
    for (const std::string& piece : pieces_) bytes += piece.size();
    return bytes;
  }

 private:
  const std::vector<std::string> pieces_;
  size_t next_ = 0;
};

struct Exchange {
  Exchange(runnel::Executor executor, runnel::Codec codec, uint64_t after)
      : stream(codec, after), tasks(std::move(executor)) {}

  std::string method;
  bool answered = false;
  int status = 0;
  runnel::HttpHeaders headers;
  std::string body;  // what is no stream
  bool ended = false;
  absl::Status broken;
  DownStream stream;
  runnel::TaskGroup tasks;

  bool is_stream() const { return status == 200 && (method == "Open" || method == "Attach"); }
};

Awaitable<void> Carry(std::shared_ptr<Exchange> exchange, runnel::InProcessHttp& http,
                      HttpRequest request) {
  absl::StatusOr<HttpResponse> response = co_await http.Send(std::move(request));
  if (!response.ok()) {
    exchange->broken = response.status();
    co_return;
  }
  exchange->answered = true;
  exchange->status = response->status;
  exchange->headers = response->headers;
  const std::unique_ptr<HttpBody> body = std::move(response->body);
  while (body != nullptr) {
    absl::StatusOr<std::optional<std::string_view>> read = co_await body->Read();
    if (!read.ok()) {
      exchange->broken = read.status();
      co_return;
    }
    if (!read->has_value()) break;
    if (exchange->is_stream()) {
      exchange->stream.Feed(**read);
    } else {
      exchange->body += **read;
    }
  }
  exchange->ended = true;
}

class ServerRun final : public TranscriptRun {
 public:
  ServerRun(const Json& transcript, runnel::Codec codec, Split split)
      : TranscriptRun(codec, split),
        limits_(LimitsOf(transcript.value("server", Json::object()))),
        sessions_(limits_, clock_),
        endpoint_(EndpointOptionsOf()),
        http_(context_.get_executor(), endpoint_),
        tasks_(context_.get_executor()) {
    if (!methods_.Add(service_).ok()) std::abort();
    names_["secret"] = "5e" + std::string(62, 'c');
    names_["otherSecret"] = "07" + std::string(62, 'e');
  }

  ~ServerRun() override {
    tasks_.Cancel();
    exchanges_.clear();
    all_.clear();
    for (int turn = 0; turn < 20; ++turn) {
      for (const auto& session : sessions_.All()) session->End("the transcript is over");
      endpoint_.calls().CancelAll(absl::UnavailableError("the transcript is over"));
      http_.CutAll();
      if (!Settle().ok()) std::abort();
    }
  }

  absl::Status Step(const Json& step) override {
    const std::string& verb = step.begin().key();
    const Json& what = step.begin().value();
    if (verb == "request") return Request(what);
    if (verb == "reply") return Reply(what);
    if (verb == "session") return Session(what);
    if (verb == "frames") return Frames(what);
    if (verb == "comment") return Comment(what);
    if (verb == "open") return StillOpen(what);
    if (verb == "end") return End(what);
    if (verb == "drop") return Drop(what);
    if (verb == "drain") return BeginDrain(what);
    if (verb == "service") return Service(what);
    if (verb == "advance") return Advance(absl::Milliseconds(what.get<int64_t>()));
    return Nonsense("a server's transcript has no step " + verb);
  }

  absl::Status Finish() override {
    for (const auto& [id, exchange] : exchanges_) {
      RUNNEL_RETURN_IF_ERROR(exchange->stream.Read());
      if (!exchange->stream.empty()) {
        return Wrong(
            absl::StrCat("at the end: something came on ", id,
                         " of which no step speaks: ", Json(exchange->stream.frames).dump()));
      }
    }
    return absl::OkStatus();
  }

 private:
  runnel::EndpointOptions EndpointOptionsOf() {
    runnel::EndpointOptions options;
    options.executor = context_.get_executor();
    options.blocking_executor = context_.get_executor();
    options.methods = &methods_;
    options.sessions = &sessions_;
    options.clock = &clock_;
    options.limits = limits_;
    options.authenticate = Authenticate;
    return options;
  }

  // Whoever says a name has it.
  static Awaitable<absl::StatusOr<std::string>> Authenticate(const runnel::Caller& caller) {
    co_return std::string(caller.headers.Get("authorization").value_or(""));
  }

  absl::StatusOr<std::shared_ptr<Exchange>> Find(const Json& what, const char* verb) {
    RUNNEL_RETURN_IF_ERROR(WantObject(what, verb));
    const std::string id = what.value("on", what.value("to", last_));
    auto found = exchanges_.find(id);
    if (found == exchanges_.end()) return Nonsense("there was no request " + id);
    return found->second;
  }

  absl::StatusOr<std::shared_ptr<Exchange>> FindStream(const Json& what, const char* verb) {
    RUNNEL_ASSIGN_OR_RETURN(std::shared_ptr<Exchange> exchange, Find(what, verb));
    if (!exchange->is_stream()) {
      return Wrong(absl::StrCat("expected a stream, got status ", exchange->status, ", ",
                                exchange->body, exchange->broken.ToString()));
    }
    const std::string type(exchange->headers.Get("content-type").value_or(""));
    if (type != StreamType()) {
      return Wrong(absl::StrCat("expected the content type ", StreamType(), ", got ", type));
    }
    RUNNEL_RETURN_IF_ERROR(exchange->stream.Read());
    return exchange;
  }

  absl::Status Request(const Json& raw) {
    RUNNEL_RETURN_IF_ERROR(WantObject(raw, "a request"));
    RUNNEL_ASSIGN_OR_RETURN(const Json what, Expand(raw, names_));
    const std::string method = what.value("method", "");
    const Json message = what.value("message", Json::object());
    HttpRequest request;
    request.target = "/runnel.v1.Channel/" + method;
    request.peer = "127.0.0.1:50000";
    Json headers = {{"content-type", MediaType()}};
    if (method == "Open" || method == "Attach") headers["accept"] = "text/event-stream";
    if (method != "Open" && names_.contains("session")) {
      headers["runnel-session"] = absl::StrCat(names_["session"].get<std::string>(), ".",
                                               names_["secret"].get<std::string>());
    }
    if (what.contains("headers")) headers.update(what["headers"]);
    for (const auto& [name, value] : headers.items()) {
      if (!value.is_null()) request.headers.Add(name, value.get<std::string>());
    }
    std::string body;
    if (what.contains("body")) {
      body = what["body"].get<std::string>();
    } else {
      RUNNEL_ASSIGN_OR_RETURN(body, EncodeDecoded(codec_, method + "Request", message));
    }
    request.body = std::make_unique<PiecesBody>(Pieces(body));
    uint64_t after = message.value("after", uint64_t{0});
    if (headers.contains("last-event-id")) {
      const std::string id = headers["last-event-id"].get<std::string>();
      if (!absl::SimpleAtoi(id.substr(id.rfind('-') + 1), &after)) after = 0;
    }
    auto exchange = std::make_shared<Exchange>(context_.get_executor(), codec_, after);
    exchange->method = method;
    exchange->tasks.Spawn(Carry(exchange, http_, std::move(request)));
    last_ = what.value("id", method);
    exchanges_[last_] = exchange;
    all_.push_back(exchange);
    return Settle();
  }

  absl::Status Reply(const Json& what) {
    RUNNEL_ASSIGN_OR_RETURN(std::shared_ptr<Exchange> exchange, Find(what, "a reply"));
    if (!exchange->answered) {
      return Wrong(absl::StrCat("expected a reply, got none yet ", exchange->broken.ToString()));
    }
    const int status = what.value("status", 200);
    if (exchange->status != status) {
      return Wrong(absl::StrCat("expected status ", status, ", got ", exchange->status, " ",
                                exchange->body));
    }
    if (what.contains("headers")) {
      Json headers = Json::object();
      for (const auto& [name, value] : exchange->headers) headers[name] = value;
      RUNNEL_RETURN_IF_ERROR(MatchMembers(what["headers"], headers, names_));
    }
    if (exchange->is_stream()) return absl::OkStatus();
    const std::string type(exchange->headers.Get("content-type").value_or(""));
    const std::string want = status == 200 ? MediaType() : "application/json";
    if (type != want) return Wrong(absl::StrCat("expected the type ", want, ", got ", type));
    if (what.contains("error")) {
      const Json error = Json::parse(exchange->body, nullptr, false);
      if (!error.is_object()) return Wrong("expected an error, got " + exchange->body);
      return MatchMembers(what["error"], ErrorJson(error), names_);
    }
    RUNNEL_ASSIGN_OR_RETURN(const Json message,
                            DecodeMessage(codec_, exchange->method + "Response", exchange->body));
    return Match(what.value("message", Json::object()), message, names_);
  }

  absl::Status Session(const Json& what) {
    RUNNEL_ASSIGN_OR_RETURN(std::shared_ptr<Exchange> exchange, FindStream(what, "a session"));
    if (!exchange->stream.session) return Wrong("expected the session, got no such event");
    Json session = *std::exchange(exchange->stream.session, std::nullopt);
    names_.emplace("session", session.value("id", Json()));
    const Json id = session["eventId"];
    session.erase("eventId");
    if (id != session.value("epoch", "") + "-0") {
      return Wrong("expected the id <epoch>-0, got " + id.dump());
    }
    return MatchMembers(what.value("info", Json::object()), session, names_);
  }

  absl::Status Frames(const Json& what) {
    RUNNEL_ASSIGN_OR_RETURN(std::shared_ptr<Exchange> exchange, FindStream(what, "frames"));
    DownStream& stream = exchange->stream;
    if (stream.session) return Wrong("expected frames, got the session " + stream.session->dump());
    const std::vector<Json> got = std::exchange(stream.frames, {});
    const int events = std::exchange(stream.events, 0);
    RUNNEL_ASSIGN_OR_RETURN(const std::vector<Json> frames, JoinParts(codec_, "FrameBatch", got));
    RUNNEL_RETURN_IF_ERROR(Match(what.value("frames", Json::array()), Json(frames), names_));
    if (what.contains("events") && what["events"] != events) {
      return Wrong(absl::StrCat("expected ", what["events"].dump(), " events, got ", events));
    }
    if (!what.contains("last")) return absl::OkStatus();
    return Match(what["last"], Json(stream.id.value_or("")), names_);
  }

  absl::Status Comment(const Json& what) {
    RUNNEL_ASSIGN_OR_RETURN(std::shared_ptr<Exchange> exchange, FindStream(what, "a comment"));
    const int comments = std::exchange(exchange->stream.comments, 0);
    const int expected = what.value("times", 1);
    if (comments == expected) return absl::OkStatus();
    return Wrong(absl::StrCat("expected ", expected, " comments, got ", comments));
  }

  absl::Status StillOpen(const Json& what) {
    RUNNEL_ASSIGN_OR_RETURN(std::shared_ptr<Exchange> exchange, FindStream(what, "a stream"));
    if (exchange->ended || !exchange->broken.ok()) return Wrong("the stream has ended");
    if (exchange->stream.empty()) return absl::OkStatus();
    return Wrong("expected nothing, got " + Json(exchange->stream.frames).dump());
  }

  absl::Status End(const Json& what) {
    RUNNEL_ASSIGN_OR_RETURN(std::shared_ptr<Exchange> exchange, FindStream(what, "an end"));
    DownStream& stream = exchange->stream;
    if (!stream.frames.empty() || stream.session) {
      return Wrong("expected the end, got " + Json(stream.frames).dump());
    }
    if (!exchange->ended) return Wrong("expected the end of the stream, got none");
    std::optional<Json> end = std::exchange(stream.end, std::nullopt);
    if (!what.contains("error")) {
      return end ? Wrong("expected a bare end, got " + end->dump()) : absl::OkStatus();
    }
    if (!end) return Wrong("expected `event: end`, got a bare end");
    return MatchMembers(what["error"], ErrorJson(end->value("error", Json::object())), names_);
  }

  absl::Status Drop(const Json& what) {
    RUNNEL_ASSIGN_OR_RETURN(std::shared_ptr<Exchange> exchange, Find(what, "what is dropped"));
    exchange->tasks.Cancel();
    return Settle();
  }

  absl::Status BeginDrain(const Json& what) {
    RUNNEL_RETURN_IF_ERROR(WantObject(what, "a drain"));
    tasks_.Spawn(Drain(this, clock_.Now() + absl::Milliseconds(what.value("graceMs", 0))));
    return Settle();
  }

  // As Server::Shutdown does.
  static Awaitable<void> Drain(ServerRun* self, absl::Time deadline) {
    runnel::CallGroup& calls = self->endpoint_.calls();
    calls.Close();
    for (const auto& session : self->sessions_.All()) session->Drain(deadline);
    const bool done = co_await calls.JoinUntil(self->clock_, deadline);
    if (!done) calls.CancelAll(runnel::CallGroup::Refusal());
    for (const auto& session : self->sessions_.All()) {
      co_await session->WaitUntilAcknowledged(self->clock_.Now() + absl::Seconds(1));
      session->End("the server is shutting down");
    }
  }

  absl::Status Service(const Json& what) {
    RUNNEL_RETURN_IF_ERROR(WantObject(what, "what the service saw"));
    for (const auto& [event, times] : what.items()) {
      const int count = service_.journal().Count(event);
      if (times == count) continue;
      return Wrong(absl::StrCat("the service: expected \"", event, "\" ", times.dump(),
                                " times, got ", count));
    }
    return absl::OkStatus();
  }

  const runnel::Limits limits_;
  end_to_end::ScriptedService service_;
  runnel::MethodRegistry methods_;
  runnel::SessionTable sessions_;
  runnel::Endpoint endpoint_;
  runnel::InProcessHttp http_;
  runnel::TaskGroup tasks_;
  std::map<std::string, std::shared_ptr<Exchange>> exchanges_;
  std::vector<std::shared_ptr<Exchange>> all_;
  std::string last_;
};

}  // namespace

std::unique_ptr<TranscriptRun> NewServerRun(const Json& transcript, runnel::Codec codec,
                                            Split split) {
  return std::make_unique<ServerRun>(transcript, codec, split);
}

}  // namespace conformance
