// The runner is the server.

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/async/task_group.h"
#include "runtime/client/channel.h"
#include "runtime/core/status_code.h"
#include "runtime/core/status_details.h"
#include "runtime/core/status_macros.h"
#include "runtime/core/string_view.h"
#include "runtime/http/not_sent.h"
#include "tests/conformance/scripted_http.h"
#include "tests/conformance/transcript_run.h"
#include "tests/end_to_end/scripted.pb.h"

namespace conformance {
namespace {

using end_to_end::v1::Reply;
using end_to_end::v1::Request;
using runnel::Awaitable;
using runnel::CallKind;

constexpr char kChannel[] = "/runnel.v1.Channel/";

absl::Status Wrong(const std::string& what) { return absl::FailedPreconditionError(what); }
absl::Status Nonsense(const std::string& what) { return absl::InvalidArgumentError(what); }

constexpr std::array kMethods = {
    runnel::MethodInfo{"/end_to_end.v1.Scripted/Unary", CallKind::kUnary},
    runnel::MethodInfo{"/end_to_end.v1.Scripted/Down", CallKind::kServerStream},
    runnel::MethodInfo{"/end_to_end.v1.Scripted/Up", CallKind::kClientStream},
    runnel::MethodInfo{"/end_to_end.v1.Scripted/Both", CallKind::kBidi},
    runnel::MethodInfo{"/end_to_end.v1.Scripted/Peek", CallKind::kUnary,
                       runnel::Idempotency::kNoSideEffects},
};

// One call of the client under test: it writes what it is told to, and reads as much.
struct Call {
  explicit Call(runnel::Executor executor) : tasks(std::move(executor)) {}

  std::unique_ptr<runnel::ClientCall> call;
  struct Message {
    Request request;
    bool last = false;
  };
  std::deque<Message> to_write;
  bool half_close = false;
  int may_read = 0;
  runnel::Signal changed;
  Json messages = Json::array();  // that were read, since the last look
  std::optional<absl::Status> ended;
  runnel::TaskGroup tasks;
};

Awaitable<void> WriteAll(std::shared_ptr<Call> call) {
  for (;;) {
    if (!call->to_write.empty()) {
      const Call::Message message = std::move(call->to_write.front());
      call->to_write.pop_front();
      runnel::WriteOptions options;
      options.last = message.last;
      const absl::Status written = co_await call->call->Write(message.request, options);
      if (!written.ok()) co_return;  // reading tells why
      if (message.last) co_return;
    } else if (call->half_close) {
      const absl::Status done = co_await call->call->WritesDone();
      done.IgnoreError();  // as above
      co_return;
    } else {
      const absl::Status waited = co_await call->changed.Wait();
      if (!waited.ok()) co_return;
    }
  }
}

Awaitable<void> ReadAll(std::shared_ptr<Call> call) {
  for (;;) {
    if (call->may_read == 0) {
      const absl::Status waited = co_await call->changed.Wait();
      if (!waited.ok()) co_return;
      continue;
    }
    --call->may_read;
    Reply reply;
    absl::StatusOr<bool> read = co_await call->call->Read(reply);
    if (!read.ok() || !*read) {
      call->ended = read.status();
      co_return;
    }
    std::string text;
    const auto written = google::protobuf::util::MessageToJsonString(reply, &text);
    if (!written.ok()) text = "null";
    call->messages.push_back(Json::parse(text));
  }
}

Json MetadataJson(const runnel::Metadata& metadata) {
  Json json = Json::array();
  for (const auto& [key, value] : metadata) {
    if (runnel::IsBinaryKey(key)) {
      std::string text = absl::Base64Escape(value);
      while (absl::EndsWith(text, "=")) text.pop_back();
      json.push_back({{"key", key}, {"binary", text}});
    } else {
      json.push_back({{"key", key}, {"text", value}});
    }
  }
  return json;
}

class ClientRun final : public TranscriptRun {
 public:
  ClientRun(const Json& transcript, runnel::Codec codec, Split split)
      : TranscriptRun(codec, split) {
    const Json settings = transcript.value("client", Json::object());
    runnel::ChannelOptions options;
    options.codec = codec;
    options.route = runnel::Route::kSession;
    options.clock = &clock_;
    options.limits = LimitsOf(settings);
    std::vector<std::shared_ptr<runnel::HttpClient>> servers;
    for (size_t server = 0; server < settings.value("servers", size_t{1}); ++server) {
      servers.push_back(std::make_shared<ScriptedHttp>(server, requests_));
    }
    channel_ = runnel::Channel::Over(context_.get_executor(), std::move(servers), options);
  }

  ~ClientRun() override {
    for (const auto& [id, call] : calls_) call->tasks.Cancel();
    const absl::Status settled = Settle();
    settled.IgnoreError();
    calls_.clear();
    channel_.reset();
    for (int turn = 0; turn < 20; ++turn) {
      for (const auto& exchange : requests_) {
        exchange->Break(absl::UnavailableError("the transcript is over"));
      }
      const absl::Status ended = Settle();
      ended.IgnoreError();
    }
  }

  absl::Status Step(const Json& step) override {
    const std::string& verb = step.begin().key();
    if (verb == "advance") {
      return Advance(absl::Milliseconds(step.begin().value().get<int64_t>()));
    }
    RUNNEL_RETURN_IF_ERROR(WantObject(step.begin().value(), verb.c_str()));
    RUNNEL_ASSIGN_OR_RETURN(const Json expanded, Expand(step.begin().value(), names_));
    if (verb == "call") return Make(expanded);
    if (verb == "write") return Write(expanded);
    if (verb == "halfClose") return HalfClose(expanded);
    if (verb == "cancel") return Cancel(expanded);
    if (verb == "read") return Read(expanded);
    if (verb == "close") return Close();
    if (verb == "result") return Result(expanded);
    if (verb == "request") return Expect(step.begin().value());
    if (verb == "nothing") return Nothing();
    if (verb == "reply") return Reply(expanded);
    if (verb == "events") return Events(expanded);
    if (verb == "end") return End(expanded);
    if (verb == "break") return Break(expanded);
    if (verb == "abandoned") return Abandoned(expanded);
    return Nonsense("a client's transcript has no step " + verb);
  }

  absl::Status Finish() override { return Nothing(); }

 private:
  // --- calls ---

  absl::StatusOr<std::shared_ptr<Call>> FindCall(const Json& what) {
    auto found = calls_.find(what.value("call", "a"));
    if (found == calls_.end()) return Nonsense("there is no call " + what.dump());
    return found->second;
  }

  absl::Status Make(const Json& what) {
    auto call = std::make_shared<Call>(context_.get_executor());
    const std::string path = "/end_to_end.v1.Scripted/" + what.value("method", "");
    const auto method = std::find_if(kMethods.begin(), kMethods.end(),
                                     [&](const auto& one) { return one.path == path; });
    if (method == kMethods.end()) return Nonsense("there is no method " + path);
    runnel::CallOptions options;
    if (what.contains("timeoutMs")) {
      options.timeout = absl::Milliseconds(what["timeoutMs"].get<int64_t>());
    }
    for (const Json& entry : what.value("metadata", Json::array())) {
      std::string value = entry.value("text", "");
      if (entry.contains("binary")) {
        absl::Base64Unescape(entry["binary"].get<std::string>(), &value);
      }
      options.metadata.Add(entry.value("key", ""), value);
    }
    options.wait_for_ready = what.value("waitForReady", false);
    call->call = channel_->NewCall(*method, std::move(options));
    call->may_read = what.value("read", 1'000'000);
    RUNNEL_RETURN_IF_ERROR(AddMessages(what, !method->client_streams(), *call));
    calls_[what.value("id", "a")] = call;
    call->tasks.Spawn(WriteAll(call));
    // A stub reads a reply when it has sent the request.
    if (!method->client_streams()) RUNNEL_RETURN_IF_ERROR(Settle());
    call->tasks.Spawn(ReadAll(call));
    return Settle();
  }

  absl::Status AddMessages(const Json& what, bool last, Call& call) {
    for (const Json& json : what.value("messages", Json::array())) {
      Call::Message message;
      message.last = last;
      if (!google::protobuf::util::JsonStringToMessage(json.dump(), &message.request).ok()) {
        return Nonsense("not a Request: " + json.dump());
      }
      call.to_write.push_back(std::move(message));
    }
    return absl::OkStatus();
  }

  absl::Status Write(const Json& what) {
    RUNNEL_ASSIGN_OR_RETURN(std::shared_ptr<Call> call, FindCall(what));
    RUNNEL_RETURN_IF_ERROR(AddMessages(what, false, *call));
    call->changed.Notify();
    return Settle();
  }

  absl::Status HalfClose(const Json& what) {
    RUNNEL_ASSIGN_OR_RETURN(std::shared_ptr<Call> call, FindCall(what));
    call->half_close = true;
    call->changed.Notify();
    return Settle();
  }

  absl::Status Cancel(const Json& what) {
    RUNNEL_ASSIGN_OR_RETURN(std::shared_ptr<Call> call, FindCall(what));
    call->call->Cancel();
    return Settle();
  }

  absl::Status Read(const Json& what) {
    RUNNEL_ASSIGN_OR_RETURN(std::shared_ptr<Call> call, FindCall(what));
    call->may_read += what.value("messages", 1);
    call->changed.Notify();
    return Settle();
  }

  absl::Status Close() {
    channel_.reset();
    return Settle();
  }

  absl::Status Result(const Json& what) {
    RUNNEL_ASSIGN_OR_RETURN(std::shared_ptr<Call> call, FindCall(what));
    const Json got = std::exchange(call->messages, Json::array());
    RUNNEL_RETURN_IF_ERROR(Match(what.value("messages", Json::array()), got, names_));
    if (what.contains("header")) {
      RUNNEL_RETURN_IF_ERROR(
          Match(what["header"], MetadataJson(call->call->initial_metadata()), names_));
    }
    if (what.contains("trailers")) {
      RUNNEL_RETURN_IF_ERROR(
          Match(what["trailers"], MetadataJson(call->call->trailing_metadata()), names_));
    }
    if (!what.contains("status")) {
      return call->ended ? Wrong("expected the call to go on, got " + call->ended->ToString())
                         : absl::OkStatus();
    }
    if (!call->ended) return Wrong("expected the end of the call, got none");
    const absl::Status& status = *call->ended;
    Json ended = {{"code", std::string(runnel::StatusCodeName(status.code()))}};
    if (!status.ok()) ended["message"] = std::string(status.message());
    if (const auto info = runnel::GetErrorInfo(status)) {
      ended["reason"] = info->reason;
      ended["domain"] = info->domain;
      for (const auto& [key, text] : info->metadata) ended["metadata"][key] = text;
    }
    return MatchMembers(what["status"], ended, names_);
  }

  // --- requests ---

  absl::Status Nothing() {
    if (claims_ == requests_.size()) return absl::OkStatus();
    for (const auto& exchange : requests_) {
      if (claimed_.contains(exchange.get())) continue;
      return Wrong(
          absl::StrCat("expected no other request, got ", exchange->target, " ", Shown(*exchange)));
    }
    return absl::OkStatus();
  }

  std::string Shown(const ScriptedExchange& exchange) const {
    const std::string type = exchange.target.substr(std::string(kChannel).size()) + "Request";
    const absl::StatusOr<Json> message = DecodeMessage(codec_, type, exchange.body);
    std::string shown = message.ok() ? message->dump() : message.status().ToString();
    if (shown.size() > 1000) shown = shown.substr(0, 1000) + "…";
    return shown;
  }

  absl::Status Expect(const Json& what) {
    const std::string method = what.value("method", "");
    std::shared_ptr<ScriptedExchange> found;
    std::string others;
    for (const auto& exchange : requests_) {
      if (claimed_.contains(exchange.get())) continue;
      if (exchange->target == kChannel + method &&
          exchange->server == what.value("server", exchange->server)) {
        found = exchange;
        break;
      }
      absl::StrAppend(&others, " ", exchange->target, " to server ", exchange->server);
    }
    if (found == nullptr) {
      return Wrong(
          absl::StrCat("expected a request ", method, ", got", others.empty() ? " none" : others));
    }
    claimed_.insert(found.get());
    ++claims_;
    exchanges_[what.value("id", method)] = found;
    last_ = what.value("id", method);
    RUNNEL_RETURN_IF_ERROR(CheckHeaders(method, *found));
    if (what.contains("headers")) {
      Json headers = Json::object();
      for (const auto& [name, value] : found->headers) headers[name] = value;
      RUNNEL_RETURN_IF_ERROR(MatchMembers(what["headers"], headers, names_));
    }
    RUNNEL_ASSIGN_OR_RETURN(Json message, DecodeMessage(codec_, method + "Request", found->body));
    if (message.contains("frames")) {
      RUNNEL_ASSIGN_OR_RETURN(const std::vector<Json> frames,
                              JoinParts(codec_, method + "Request", message["frames"]));
      message["frames"] = frames;
    }
    RUNNEL_RETURN_IF_ERROR(Match(what.value("message", Json::object()), message, names_));
    if (method == "Open") secrets_[found.get()] = message.value("secret", "");
    return absl::OkStatus();
  }

  absl::Status CheckHeaders(const std::string& method, const ScriptedExchange& exchange) const {
    const auto header = [&](std::string_view name) {
      return std::string(exchange.headers.Get(name).value_or(""));
    };
    if (exchange.method != "POST") return Wrong("expected POST, got " + exchange.method);
    if (header("content-type") != MediaType()) {
      return Wrong(absl::StrCat("expected the content type ", MediaType(), ", got ",
                                header("content-type")));
    }
    if ((method == "Open" || method == "Attach") && header("accept") != "text/event-stream") {
      return Wrong("expected `accept: text/event-stream`, got " + header("accept"));
    }
    const std::string session = header("runnel-session");
    if (method == "Open" ? !session.empty() : !sessions_.contains(session)) {
      return Wrong("a request with `runnel-session: " + session + "`");
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::shared_ptr<ScriptedExchange>> Find(const Json& what) {
    const std::string id = what.value("on", what.value("to", last_));
    auto found = exchanges_.find(id);
    if (found == exchanges_.end()) return Nonsense("no request was called " + id);
    return found->second;
  }

  absl::Status Push(ScriptedExchange& exchange, std::string_view bytes) {
    for (std::string& piece : Pieces(bytes)) {
      exchange.Push(std::move(piece));
      RUNNEL_RETURN_IF_ERROR(Settle());
    }
    return Settle();
  }

  absl::Status Reply(const Json& what) {
    RUNNEL_ASSIGN_OR_RETURN(std::shared_ptr<ScriptedExchange> exchange, Find(what));
    const int status = what.value("status", 200);
    const std::string method = exchange->target.substr(std::string(kChannel).size());
    const bool stream = status == 200 && (method == "Open" || method == "Attach");
    std::string body;
    std::string type = stream ? StreamType() : MediaType();
    if (what.contains("error")) {
      Json error = what["error"];
      error["details"] = EncodeDetails(error.value("details", Json::array()));
      if (error.contains("reason")) {
        error["details"] = EncodeDetails(Json::array({error}));
        error.erase("reason");
        error.erase("metadata");
      }
      body = error.dump();
      type = "application/json";
    } else if (what.contains("body")) {
      body = what["body"].get<std::string>();
      type = "text/html";
    } else if (!stream) {
      RUNNEL_ASSIGN_OR_RETURN(
          body, EncodeDecoded(codec_, method + "Response", what.value("message", Json::object())));
    }
    runnel::HttpHeaders headers;
    headers.Add("content-type", type);
    exchange->Answer(status, std::move(headers));
    RUNNEL_RETURN_IF_ERROR(Settle());
    if (stream) return absl::OkStatus();
    RUNNEL_RETURN_IF_ERROR(Push(*exchange, body));
    exchange->End();
    return Settle();
  }

  // The head of a stream leaves with its first event.
  absl::Status Begin(ScriptedExchange& exchange) {
    if (exchange.answered) return absl::OkStatus();
    runnel::HttpHeaders headers;
    headers.Add("content-type", StreamType());
    exchange.Answer(200, std::move(headers));
    return Settle();
  }

  absl::Status Events(const Json& what) {
    RUNNEL_ASSIGN_OR_RETURN(std::shared_ptr<ScriptedExchange> exchange, Find(what));
    RUNNEL_RETURN_IF_ERROR(Begin(*exchange));
    std::string bytes = what.value("raw", "");
    for (Json event : what.value("events", Json::array())) {
      const std::string id = event.value("id", "");
      event.erase("id");
      if (event.contains("session")) {
        sessions_.insert(
            absl::StrCat(event["session"].value("id", ""), ".", secrets_[exchange.get()]));
      }
      RUNNEL_ASSIGN_OR_RETURN(std::string batch, EncodeDecoded(codec_, "FrameBatch", event));
      if (codec_ == runnel::Codec::kProto) {
        batch = absl::Base64Escape(batch);
        while (absl::EndsWith(batch, "=")) batch.pop_back();
      }
      absl::StrAppend(&bytes, "id: ", id, "\ndata: ", batch, "\n\n");
    }
    return Push(*exchange, bytes);
  }

  absl::Status End(const Json& what) {
    RUNNEL_ASSIGN_OR_RETURN(std::shared_ptr<ScriptedExchange> exchange, Find(what));
    RUNNEL_RETURN_IF_ERROR(Begin(*exchange));
    if (what.contains("error")) {
      Json error = what["error"];
      error["details"] = EncodeDetails(Json::array({error}));
      error.erase("reason");
      const Json end = {{"error", error}};
      RUNNEL_RETURN_IF_ERROR(
          Push(*exchange, absl::StrCat("event: end\nid: end\ndata: ", end.dump(), "\n\n")));
    }
    exchange->End();
    return Settle();
  }

  absl::Status Break(const Json& what) {
    RUNNEL_ASSIGN_OR_RETURN(std::shared_ptr<ScriptedExchange> exchange, Find(what));
    absl::Status why = absl::UnavailableError("the connection broke");
    if (what.value("refused", false)) why = runnel::NotSent(std::move(why));
    exchange->Break(std::move(why));
    return Settle();
  }

  absl::Status Abandoned(const Json& what) {
    RUNNEL_ASSIGN_OR_RETURN(std::shared_ptr<ScriptedExchange> exchange, Find(what));
    return exchange->abandoned ? absl::OkStatus()
                               : Wrong("expected that the client gives it up, it has not");
  }

  ScriptedHttp::Requests requests_;
  std::set<const ScriptedExchange*> claimed_;
  size_t claims_ = 0;
  std::map<const ScriptedExchange*, std::string> secrets_;  // of each Open
  std::set<std::string> sessions_;                          // "<id>.<secret>"
  std::map<std::string, std::shared_ptr<ScriptedExchange>> exchanges_;
  std::string last_;
  std::shared_ptr<runnel::Channel> channel_;
  std::map<std::string, std::shared_ptr<Call>> calls_;
};

}  // namespace

std::unique_ptr<TranscriptRun> NewClientRun(const Json& transcript, runnel::Codec codec,
                                            Split split) {
  return std::make_unique<ClientRun>(transcript, codec, split);
}

}  // namespace conformance
