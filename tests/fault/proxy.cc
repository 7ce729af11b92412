// A proxy on which things go wrong, between any client and server that speak over TCP: see kUsage.

#include <signal.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/fault/fault_proxy.h"

namespace fault {
namespace {

constexpr char kUsage[] =
    R"(usage: proxy --upstream HOST:PORT [options]

Passes connections on to the upstream server, and lets things go wrong on the way. Prints
"listening on HOST:PORT" when it is there, and what it has done when it is ended (SIGINT, SIGTERM).

  --listen HOST:PORT       where it listens; port 0, the default, takes a free one
  --seed S                 what is drawn, is drawn from this (1)

To every connection, whatever it carries (what lies between MIN and MAX is drawn anew each time; a
single number is both; times are in milliseconds):
  --cut-every MIN-MAX      it ends so long after it began
  --cut-after MIN-MAX      it ends after so many bytes towards the client (an event that is larger
                           than MAX never gets through)
  --cut-after-up MIN-MAX   it ends after so many bytes towards the server
  --cut-how reset|fin|any  how connections end: by a reset, in order, or one or the other (any)
  --silent-after MIN-MAX   it falls silent so long after it began: it stays open and nothing arrives
  --silent-for MIN-MAX     a silent one ends after so long, as TCP gives up one day (never)
  --delay MIN-MAX          every piece takes so long, in either direction

As proxies do that know HTTP:
  --cut-responses-at SECONDS  a response that takes so long is cut (15 is Envoy's default)
  --buffer                    a response is held back until it is complete
  --limit-body BYTES          a larger request gets 413 and a page of HTML, as nginx answers
  --drop-replies PERCENT      so many replies, but no streams, are lost after the request was processed
  --bad-gateway PERCENT       so many requests get 502 and a page of HTML, and never reach the server
)";

bool ParseSpan(const std::string& text, ByteSpan& span) {
  const std::vector<std::string> ends = absl::StrSplit(text, '-');
  return ends.size() <= 2 && absl::SimpleAtoi(ends.front(), &span.least) &&
         absl::SimpleAtoi(ends.back(), &span.most) && span.least <= span.most && span.given();
}

bool ParseSpan(const std::string& text, Span& span) {
  ByteSpan milliseconds;
  if (!ParseSpan(text, milliseconds)) return false;
  span.least = absl::Milliseconds(static_cast<int64_t>(milliseconds.least));
  span.most = absl::Milliseconds(static_cast<int64_t>(milliseconds.most));
  return true;
}

bool ParsePercent(const std::string& text, int& percent) {
  return absl::SimpleAtoi(text, &percent) && percent >= 0 && percent <= 100;
}

bool ParseSeconds(const std::string& text, absl::Duration& duration) {
  double seconds = 0;
  if (!absl::SimpleAtod(text, &seconds) || seconds <= 0) return false;
  duration = absl::Seconds(seconds);
  return true;
}

bool ParseHow(const std::string& text, FaultProxyOptions::How& how) {
  using How = FaultProxyOptions::How;
  how = text == "reset" ? How::kReset : text == "fin" ? How::kOrderly : How::kAny;
  return text == "reset" || text == "fin" || text == "any";
}

bool Fill(FaultProxyOptions& options, const std::string& name, const std::string& value) {
  if (name == "--listen") return !(options.listen = value).empty();
  if (name == "--upstream") return !(options.upstream = value).empty();
  if (name == "--seed") return absl::SimpleAtoi(value, &options.seed);
  if (name == "--cut-every") return ParseSpan(value, options.cut_every);
  if (name == "--cut-after") return ParseSpan(value, options.cut_after_down);
  if (name == "--cut-after-up") return ParseSpan(value, options.cut_after_up);
  if (name == "--cut-how") return ParseHow(value, options.cut_how);
  if (name == "--silent-after") return ParseSpan(value, options.silent_after);
  if (name == "--silent-for") return ParseSpan(value, options.silent_for);
  if (name == "--delay") return ParseSpan(value, options.delay);
  if (name == "--cut-responses-at") return ParseSeconds(value, options.cut_responses_at);
  if (name == "--limit-body") return absl::SimpleAtoi(value, &options.limit_body);
  if (name == "--drop-replies") return ParsePercent(value, options.drop_replies);
  if (name == "--bad-gateway") return ParsePercent(value, options.bad_gateway);
  return false;
}

int Main(int argc, char** argv) {
  FaultProxyOptions options;
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    std::string value;
    if (name == "--help") {
      std::fputs(kUsage, stdout);
      return 0;
    }
    if (name == "--buffer") {
      options.buffer = true;
      continue;
    }
    if (const size_t equals = name.find('='); equals != name.npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    } else if (i + 1 < argc) {
      value = argv[++i];
    }
    if (Fill(options, name, value)) continue;
    std::fprintf(stderr, "not understood: %s %s\n\n%s", name.c_str(), value.c_str(), kUsage);
    return 2;
  }
  if (options.upstream.empty()) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  boost::asio::io_context context(1);
  boost::asio::signal_set signals(context, SIGINT, SIGTERM);
  FaultProxy proxy(options);
  if (const absl::Status started = proxy.Start(); !started.ok()) {
    std::fprintf(stderr, "%s\n", started.ToString().c_str());
    return 1;
  }
  std::printf("listening on %s\n", proxy.url().substr(7).c_str());
  std::fflush(stdout);
  signals.async_wait([](boost::system::error_code, int) {});
  context.run();
  const FaultCounts& counts = proxy.counts();
  std::printf(
      "%d connections: %d cut, %d silent; %d responses cut, %d replies dropped, %d refused\n",
      counts.connections.load(), counts.cuts.load(), counts.silences.load(),
      counts.cut_responses.load(), counts.dropped_replies.load(), counts.refusals.load());
  return 0;
}

}  // namespace
}  // namespace fault

int main(int argc, char** argv) { return fault::Main(argc, argv); }
