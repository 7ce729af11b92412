// ServerLog writes a line for each call of a server that has ended, and for what becomes of its
// sessions:
//
//   runnel::ServerOptions options;
//   options.observers.push_back(std::make_shared<runnel::ServerLog>(sink));
//
//   time=2026-11-22T06:05:53.123456Z event=call method=/chat.v1.Chat/Post code=ok
//   peer=127.0.0.1:5000
//       transport=direct duration_ms=0.212 received=1 received_bytes=20 sent=1 sent_bytes=31
//   time=… event=session change=opened session=8c1f… peer=127.0.0.1:5000 codec=proto
//
// (each on one line). Never in a line: messages, metadata, so no Authorization or cookie either,
// URLs, and secrets of sessions; the id of a session is none. The text of a call's status is what
// the handler has made it.

#ifndef RUNNEL_SERVER_LOG_H_
#define RUNNEL_SERVER_LOG_H_

#include <memory>
#include <string_view>

#include "runnel/log_line.h"
#include "runnel/log_sink.h"
#include "runnel/server.h"

namespace runnel {

struct ServerLogOptions {
  LogFormat format = LogFormat::kText;
  bool calls = true;
  // Opened, attached, resumed, detached, lease expired, draining, ended. Not the coming and going
  // of streams of clients that poll.
  bool sessions = true;
  // Requests that were refused, and why.
  bool refusals = true;
  // A second line for each call, as a span of a trace: ids of trace, span and parent (W3C
  // `traceparent`), name, start, duration, status. Call lines then name their trace, too.
  bool spans = false;
  // Whether lines name who calls (ServerContext::principal).
  bool principals = false;
};

class ServerLog final : public ServerObserver {
 public:
  explicit ServerLog(std::shared_ptr<LogSink> sink, ServerLogOptions options = {});

  void OnCallEnded(const EndedCall& call) override;
  void OnSession(const SessionEvent& event) override;
  void OnRefused(Refusal refusal, std::string_view peer) override;

 private:
  void WriteSpan(const EndedCall& call);

  const std::shared_ptr<LogSink> sink_;
  const ServerLogOptions options_;
};

}  // namespace runnel

#endif  // RUNNEL_SERVER_LOG_H_
