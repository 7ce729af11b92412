// Plays what real clients of package:sse said (tests/conformance/testdata/dart-sse-transcript.json:
// where it comes from stands in its "note"), byte for byte, to SseHandler on a socket, and sees
// whether it answers what those clients need.

#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "runtime/http/http_server.h"
#include "runtime/sse/dart_string.h"
#include "runtime/sse/sse_test_peer.h"

namespace runnel {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kTranscript[] = "tests/conformance/testdata/dart-sse-transcript.json";

// The file has bytes as characters of Latin-1.
std::string Bytes(const std::string& utf8) {
  std::string bytes;
  for (size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    bytes += static_cast<char>(c < 0x80 ? c : ((c & 3) << 6 | (utf8[++i] & 0x3f)));
  }
  return bytes;
}

nlohmann::json Scenarios() {
  std::ifstream file(kTranscript);
  return nlohmann::json::parse(file).at("scenarios");
}

class DartTranscriptTest : public SseTest, public ::testing::WithParamInterface<std::string> {
 protected:
  void Serve() {
    SseHandlerOptions options;
    options.keep_alive = absl::Seconds(30);
    options.clock = &clock_;
    // The pages that were not from the server.
    options.origins.allowed_origins = {"http://127.0.0.1:8191"};
    options.origins.allow_credentials = true;
    handler_ = std::make_unique<SseHandler>(context_.get_executor(), std::move(options));
    HttpServerOptions http;
    http.clock = &clock_;
    server_ = std::make_unique<HttpServer>(context_.get_executor(), *handler_, std::move(http));
    port_ = *server_->Listen("127.0.0.1:0");
  }
  void TearDown() override {
    peers_.clear();
    if (server_ != nullptr) {
      server_->Shutdown();
      AwaitEnd(server_->Join());
    }
    connection_.reset();
    SseTest::TearDown();
  }

  RawPeer& Peer(int connection) {
    std::unique_ptr<RawPeer>& peer = peers_[connection];
    if (peer == nullptr) peer = std::make_unique<RawPeer>(context_, port_);
    return *peer;
  }

  void OpenStream(int connection, const std::string& request) {
    Peer(connection).Send(request);
    const std::string head = Peer(connection).ReadThrough("\r\n\r\n");
    EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\ncontent-type: text/event-stream\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\ncache-control: no-cache\r\n"));
    EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
    ExpectReadable(request, head);
    streams_.insert(connection);
    if (auto fresh = Accept()) connection_ = std::move(fresh);
    ASSERT_NE(connection_, nullptr);
  }

  // A page of another origin may see the response, with its cookies.
  static void ExpectReadable(const std::string& request, const std::string& head) {
    if (!absl::StrContains(request, "Host: 127.0.0.1:8192\r\n")) return;
    EXPECT_THAT(head, HasSubstr("\r\naccess-control-allow-origin: http://127.0.0.1:8191\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\naccess-control-allow-credentials: true\r\n"));
  }

  void Post(int connection, const std::string& request) {
    Peer(connection).Send(request);
    const std::string response = Peer(connection).ReadResponse();
    EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(response, HasSubstr("\r\nContent-Length: 0\r\n"));
    EXPECT_THAT(response, Not(HasSubstr("\r\nConnection: close")));
    ExpectReadable(request, response);
    const size_t number = request.find("&messageId=") + 11;
    if (!posted_.insert(request.substr(number, request.find(' ', number) - number)).second) return;
    const std::string body = request.substr(request.find("\r\n\r\n") + 4);
    const absl::StatusOr<std::string> text = ParseDartString(body);
    ASSERT_TRUE(text.ok());
    EXPECT_EQ(Read(*connection_), *text);
  }

  void Write(int connection, const std::string& bytes) {
    if (bytes == "event: control\ndata: close\n\n") {
      connection_->Close();
    } else {
      const size_t data = bytes.find("data: ");
      const absl::StatusOr<std::string> text =
          ParseDartString(bytes.substr(data + 6, bytes.size() - data - 8));
      // What Dart's handler never writes, to see what its client does.
      if (!text.ok() || bytes.starts_with("event: ")) return;
      Send(*connection_, *text);
    }
    // The very bytes, but for the id in front.
    const std::string frame = bytes.substr(bytes.find(bytes[0] == 'i' ? "data: " : ""));
    const std::string got = Peer(connection).ReadThrough(frame);
    EXPECT_TRUE(got.ends_with(frame)) << got;
  }

  void Drop(int connection) {
    if (streams_.erase(connection) == 0) return;
    peers_.erase(connection);
    EXPECT_TRUE(
        Until([&] { return connection_->is_in_keep_alive_period() || connection_->is_closed(); }));
  }

  std::unique_ptr<HttpServer> server_;
  int port_ = 0;
  std::map<int, std::unique_ptr<RawPeer>> peers_;
  std::set<int> streams_;
  std::set<std::string> posted_;
  std::unique_ptr<SseConnection> connection_;
};

TEST_P(DartTranscriptTest, Replays) {
  Serve();
  const nlohmann::json scenarios = Scenarios();
  int requests = 0;
  for (const nlohmann::json& event : scenarios.at(GetParam()).at("events")) {
    const std::string dir = event.at("dir");
    const int connection = event.at("conn");
    const std::string bytes = Bytes(event.at("bytes"));
    SCOPED_TRACE(absl::StrCat(dir, " ", connection, " at ", event.at("t_ms").get<int>(), " ms"));
    if (dir == "C>S" && bytes.starts_with("GET ")) {
      OpenStream(connection, bytes);
      ++requests;
    } else if (dir == "C>S") {
      Post(connection, bytes);
      ++requests;
    } else if (dir == "S>C" && !bytes.starts_with("HTTP/1.1 ")) {
      Write(connection, bytes);
    } else if (dir == "FIN" || dir == "CLOSE") {
      Drop(connection);
    }
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
  EXPECT_GT(requests, 0);
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  const nlohmann::json scenarios = Scenarios();
  for (const auto& [name, scenario] : scenarios.items()) names.push_back(name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(All, DartTranscriptTest, ::testing::ValuesIn(Names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace runnel
