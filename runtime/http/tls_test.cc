#include <openssl/ssl.h>

#include <boost/asio/connect.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/http/http_client.h"
#include "runtime/http/http_server.h"
#include "runtime/http/http_test_peer.h"
#include "runtime/http/tls_context.h"
#include "runtime/http/tls_stream.h"
#include "runtime/testing/status_matchers.h"
#include "runtime/testing/test_authority.h"

namespace runnel {
namespace {

using asio::ip::tcp;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kUnauthenticated = absl::StatusCode::kUnauthenticated;
constexpr auto kUnavailable = absl::StatusCode::kUnavailable;

class TlsTest : public HttpTest {
 protected:
  TlsTest() {
    handler_.On("/name", [this](HttpRequest request) -> Awaitable<HttpResponse> {
      certificate_ = request.peer_certificate;
      co_return Text(certificate_ == nullptr ? "nobody" : certificate_->name());
    });
    handler_.On("/echo", [](HttpRequest request) -> Awaitable<HttpResponse> {
      HttpResponse response;
      response.body = std::move(request.body);
      co_return response;
    });
  }

  TlsServerOptions ServerFiles(const TestAuthority::Files& files) {
    TlsServerOptions options;
    options.certificate_file = files.certificate;
    options.key_file = files.key;
    options.on_reload = [this](const absl::Status& status) { reloads_.push_back(status); };
    return options;
  }

  void Serve() { Serve(ServerFiles(authority_.Issue("server", "DNS:localhost,IP:127.0.0.1"))); }
  void Serve(TlsServerOptions tls) {
    absl::StatusOr<std::shared_ptr<TlsContext>> context =
        TlsContext::ForServer(std::move(tls), clock_);
    ASSERT_TRUE(context.ok()) << context.status();
    HttpServerOptions options;
    options.clock = &clock_;
    options.tls = *context;
    server_ = std::make_unique<HttpServer>(context_.get_executor(), handler_, options);
    const absl::StatusOr<int> port = server_->Listen("127.0.0.1:0");
    ASSERT_TRUE(port.ok()) << port.status();
    port_ = *port;
  }

  TlsClientOptions Trusting(const TestAuthority& authority) {
    TlsClientOptions options;
    options.ca_file = authority.ca_file();
    return options;
  }
  TlsClientOptions Showing(const TestAuthority::Files& files) {
    TlsClientOptions options = Trusting(authority_);
    options.certificate_file = files.certificate;
    options.key_file = files.key;
    return options;
  }

  std::unique_ptr<TcpHttpClient> Client(TlsClientOptions tls, std::string host = "localhost") {
    HttpClientOptions options;
    options.clock = &clock_;
    options.tls = std::move(tls);
    absl::StatusOr<std::unique_ptr<TcpHttpClient>> client = TcpHttpClient::Create(
        context_.get_executor(), "https://" + host + ":" + std::to_string(port_), options);
    EXPECT_TRUE(client.ok()) << client.status();
    return *std::move(client);
  }

  // What a response's body has.
  absl::StatusOr<std::string> Get(HttpClient& client, std::string target, std::string body = "") {
    HttpRequest request;
    request.target = std::move(target);
    request.body = StringBody(std::move(body));
    return Await(TextOf(client, std::move(request)));
  }
  static Awaitable<absl::StatusOr<std::string>> TextOf(HttpClient& client, HttpRequest request) {
    absl::StatusOr<HttpResponse> response = co_await client.Send(std::move(request));
    if (!response.ok()) co_return response.status();
    co_return co_await ReadAll(response->body.get(), 100 << 20, "the test's");
  }

  tcp::socket Connect() {
    tcp::socket socket(context_);
    socket.connect(
        tcp::endpoint(asio::ip::make_address("127.0.0.1"), static_cast<uint16_t>(port_)));
    return socket;
  }

  TestAuthority authority_;
  FakeHandler handler_;
  std::shared_ptr<const PeerCertificate> certificate_;
  std::vector<absl::Status> reloads_;
  std::unique_ptr<HttpServer> server_;
  int port_ = 0;
};

TEST_F(TlsTest, CarriesLargeBodiesBothWays) {
  Serve();
  const auto client = Client(Trusting(authority_));
  std::string body(16 << 20, '\0');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 2654435761u >> 24);
  absl::StatusOr<std::string> echoed = Get(*client, "/echo", body);
  ASSERT_TRUE(echoed.ok()) << echoed.status();
  EXPECT_TRUE(*echoed == body);
}

TEST_F(TlsTest, KeepsTheConnectionForTheNextRequest) {
  Serve();
  const auto client = Client(Trusting(authority_));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(Get(*client, "/echo", "x"), IsOkAndHolds("x"));
    EXPECT_EQ(client->idle_connections(), 1u);
    EXPECT_EQ(server_->connection_count(), 1u);
  }
}

TEST_F(TlsTest, NoticesThatAKeptConnectionWasClosed) {
  Serve();
  const auto client = Client(Trusting(authority_));
  EXPECT_THAT(Get(*client, "/echo", "x"), IsOkAndHolds("x"));
  server_->Stop();
  ASSERT_TRUE(Until([&] { return server_->connection_count() == 0; }));
  Serve();
  const auto other = Client(Trusting(authority_));
  EXPECT_THAT(Get(*other, "/echo", "y"), IsOkAndHolds("y"));
}

TEST_F(TlsTest, VerifiesTheServersAuthority) {
  Serve();
  const TestAuthority stranger;
  const auto client = Client(Trusting(stranger));
  EXPECT_THAT(Get(*client, "/echo"),
              StatusIs(kUnavailable, AllOf(HasSubstr("127.0.0.1:" + std::to_string(port_)),
                                           HasSubstr("the peer's certificate was not accepted"))));
  EXPECT_EQ(handler_.handled, 0);
}

TEST_F(TlsTest, VerifiesTheServersName) {
  Serve(ServerFiles(authority_.Issue("localhost", "DNS:example.org,DNS:*.example.net")));
  const auto client = Client(Trusting(authority_));
  EXPECT_THAT(Get(*client, "/echo"), StatusIs(kUnavailable, HasSubstr("hostname mismatch")));
  const auto by_address = Client(Trusting(authority_), "127.0.0.1");
  EXPECT_THAT(Get(*by_address, "/echo"), StatusIs(kUnavailable, HasSubstr("IP address mismatch")));
  for (const auto& [name, good] :
       std::vector<std::pair<std::string, bool>>{{"example.org", true},
                                                 {"a.example.net", true},
                                                 {"a.example.org", false},
                                                 {"a.b.example.net", false}}) {
    TlsClientOptions options = Trusting(authority_);
    options.server_name = name;
    const auto named = Client(options);
    EXPECT_EQ(Get(*named, "/echo").ok(), good) << name;
  }
}

TEST_F(TlsTest, VerifiesAnAddress) {
  Serve();
  const auto client = Client(Trusting(authority_), "127.0.0.1");
  EXPECT_THAT(Get(*client, "/echo", "x"), IsOkAndHolds("x"));
}

TEST_F(TlsTest, WithoutClientAuthoritiesNobodyHasAName) {
  Serve();
  const auto client = Client(Showing(authority_.Issue("alice", "")));
  EXPECT_THAT(Get(*client, "/name"), IsOkAndHolds("nobody"));
}

TEST_F(TlsTest, ReadsTheClientsCertificate) {
  TlsServerOptions options = ServerFiles(authority_.Issue("server", "DNS:localhost"));
  options.client_ca_file = authority_.ca_file();
  Serve(options);
  const auto client = Client(
      Showing(authority_.Issue("alice", "DNS:a.example,URI:spiffe://example/alice,DNS:b.example")));
  EXPECT_THAT(Get(*client, "/name"), IsOkAndHolds("spiffe://example/alice"));
  ASSERT_NE(certificate_, nullptr);
  EXPECT_EQ(certificate_->subject, "CN=alice");
  EXPECT_EQ(certificate_->common_name, "alice");
  EXPECT_THAT(certificate_->uris, ElementsAre("spiffe://example/alice"));
  EXPECT_THAT(certificate_->dns_names, ElementsAre("a.example", "b.example"));
  EXPECT_EQ(certificate_->sha256.size(), 64u);
  const auto other = Client(Showing(authority_.Issue("bob", "")));
  EXPECT_THAT(Get(*other, "/name"), IsOkAndHolds("bob"));
}

TEST_F(TlsTest, RefusesClientsWithoutACertificateOfTheAuthorities) {
  TlsServerOptions options = ServerFiles(authority_.Issue("server", "DNS:localhost"));
  options.client_ca_file = authority_.ca_file();
  Serve(options);
  const auto without = Client(Trusting(authority_));
  EXPECT_THAT(Get(*without, "/name"),
              StatusIs(kUnauthenticated, HasSubstr("certificate required")));
  TestAuthority stranger("A Stranger");
  const auto foreign = Client(Showing(stranger.Issue("alice", "")));
  EXPECT_THAT(Get(*foreign, "/name"), StatusIs(kUnauthenticated, HasSubstr("unknown ca")));
  EXPECT_EQ(handler_.handled, 0);
}

TEST_F(TlsTest, AnOptionalCertificateIsVerifiedWhereThereIsOne) {
  TlsServerOptions options = ServerFiles(authority_.Issue("server", "DNS:localhost"));
  options.client_ca_file = authority_.ca_file();
  options.client_certificate_optional = true;
  Serve(options);
  const auto without = Client(Trusting(authority_));
  EXPECT_THAT(Get(*without, "/name"), IsOkAndHolds("nobody"));
  const auto with = Client(Showing(authority_.Issue("alice", "")));
  EXPECT_THAT(Get(*with, "/name"), IsOkAndHolds("alice"));
  TestAuthority stranger("A Stranger");
  const auto foreign = Client(Showing(stranger.Issue("alice", "")));
  EXPECT_THAT(Get(*foreign, "/name"), StatusIs(kUnauthenticated, HasSubstr("unknown ca")));
}

TEST_F(TlsTest, TellsPeersThatSpeakPlainHttp) {
  Serve();
  RawPeer peer(context_, port_);
  peer.Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(peer.ReadResponse(),
              AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("use an https URL")));
}

// A reset could take from the peer what it was just told.
TEST_F(TlsTest, DoesNotResetAConnectionWhoseHandshakeFailed) {
  Serve();
  RawPeer peer(context_, port_);
  peer.Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(peer.ReadResponse(), StartsWith("HTTP/1.1 400 "));
  peer.FinishWriting();
  EXPECT_EQ(peer.ReadToEnd(), "");
  EXPECT_FALSE(peer.was_reset());
  EXPECT_TRUE(Until([&] { return server_->connection_count() == 0; }));
}

TEST_F(TlsTest, GivesAPeerWhoseHandshakeFailedItsTimeToLeave) {
  Serve();
  RawPeer peer(context_, port_);
  peer.Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(peer.ReadResponse(), StartsWith("HTTP/1.1 400 "));
  Settle();
  EXPECT_EQ(server_->connection_count(), 1u);
  clock_.Advance(absl::Seconds(10));
  EXPECT_TRUE(Until([&] { return server_->connection_count() == 0; }));
}

TEST_F(TlsTest, TellsThatAServerSpeaksPlainHttp) {
  HttpServerOptions options;
  options.clock = &clock_;
  server_ = std::make_unique<HttpServer>(context_.get_executor(), handler_, options);
  port_ = *server_->Listen("127.0.0.1:0");
  const auto client = Client(Trusting(authority_));
  EXPECT_THAT(Get(*client, "/echo"), StatusIs(kUnavailable, HasSubstr("does not speak TLS")));
}

TEST_F(TlsTest, GivesAHandshakeItsTime) {
  Serve();
  RawPeer silent(context_, port_);
  RawPeer slow(context_, port_);
  slow.Send("\x16\x03\x01\x02");
  ASSERT_TRUE(Until([&] { return server_->connection_count() == 2; }));
  Settle();
  clock_.Advance(absl::Seconds(9));
  Settle();
  EXPECT_EQ(server_->connection_count(), 2u);
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(Until([&] { return server_->connection_count() == 0; }));
}

TEST_F(TlsTest, CutsHandshakesThatAreUnderWay) {
  Serve();
  RawPeer silent(context_, port_);
  ASSERT_TRUE(Until([&] { return server_->connection_count() == 1; }));
  server_->Shutdown();
  EXPECT_TRUE(Until([&] { return server_->connection_count() == 0; }));
}

TEST_F(TlsTest, AConnectThatIsStuckInTheHandshakeTimesOut) {
  tcp::acceptor acceptor(context_, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0));
  port_ = acceptor.local_endpoint().port();
  const auto client = Client(Trusting(authority_));
  std::optional<absl::StatusOr<std::string>> result;
  HttpRequest request;
  tasks_.Spawn(Keep(TextOf(*client, std::move(request)), &result));
  Settle();
  EXPECT_FALSE(result.has_value());
  clock_.Advance(absl::Seconds(10));
  ASSERT_TRUE(Until([&] { return result.has_value(); }));
  EXPECT_THAT(*result, StatusIs(kUnavailable, HasSubstr("no answer within 10s")));
}

TEST_F(TlsTest, SpeaksNoProtocolButHttp1) {
  Serve();
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  const unsigned char h2[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context.get(), h2, sizeof(h2));
  const auto stream = TlsStream::Connected(Connect(), context, "localhost");
  EXPECT_THAT(Await(stream->Handshake()),
              StatusIs(kUnavailable, HasSubstr("no application protocol")));
}

TEST_F(TlsTest, SpeaksNoVersionBefore1Point2) {
  Serve();
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
  const auto stream = TlsStream::Connected(Connect(), context, "localhost");
  EXPECT_THAT(Await(stream->Handshake()), StatusIs(kUnavailable, HasSubstr("protocol version")));
}

TEST_F(TlsTest, AnEndWithoutNoticeIsNoEnd) {
  Serve();
  // What a man in the middle can do: end the connection, but not say so in the peer's name.
  tcp::acceptor acceptor(context_, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0));
  tcp::socket near(context_);
  near.connect(acceptor.local_endpoint());
  tcp::socket far = acceptor.accept();
  const int far_handle = dup(far.native_handle());
  absl::StatusOr<std::shared_ptr<TlsContext>> context =
      TlsContext::ForServer(ServerFiles(authority_.Issue("server", "DNS:localhost")), clock_);
  absl::StatusOr<std::shared_ptr<TlsContext>> trusting =
      TlsContext::ForClient(Trusting(authority_), clock_);
  const auto accepted = TlsStream::Accepted(std::move(far), (*context)->ForConnection());
  const auto connected =
      TlsStream::Connected(std::move(near), (*trusting)->ForConnection(), "localhost");
  std::optional<absl::Status> done;
  tasks_.Spawn(Keep(accepted->Handshake(), &done));
  EXPECT_TRUE(Await(connected->Handshake()).ok());
  ASSERT_TRUE(Until([&] { return done.has_value(); }));
  shutdown(far_handle, SHUT_WR);
  close(far_handle);
  char byte;
  EXPECT_THAT(Await(connected->ReadSome(asio::buffer(&byte, 1))),
              StatusIs(kUnavailable, HasSubstr("unexpected eof")));
}

TEST_F(TlsTest, AnEndWithNoticeIsTheEnd) {
  Serve();
  absl::StatusOr<std::shared_ptr<TlsContext>> trusting =
      TlsContext::ForClient(Trusting(authority_), clock_);
  const auto stream = TlsStream::Connected(Connect(), (*trusting)->ForConnection(), "localhost");
  EXPECT_TRUE(Await(stream->Handshake()).ok());
  server_->Stop();
  char byte;
  EXPECT_THAT(Await(stream->ReadSome(asio::buffer(&byte, 1))), IsOkAndHolds(0u));
}

// Files that change while they are in use.
class TlsReloadTest : public TlsTest {
 protected:
  TlsReloadTest() { Put(authority_.Issue("server", "DNS:localhost")); }

  void Put(const TestAuthority::Files& files) {
    using std::filesystem::copy_options;
    std::filesystem::copy_file(files.certificate, files_.certificate,
                               copy_options::overwrite_existing);
    std::filesystem::copy_file(files.key, files_.key, copy_options::overwrite_existing);
  }

  const TestAuthority::Files files_ = {authority_.folder() + "/used.pem",
                                       authority_.folder() + "/used.key"};
};

TEST_F(TlsReloadTest, NewConnectionsGetTheNewCertificateAndOldOnesGoOn) {
  Serve(ServerFiles(files_));
  const auto old_client = Client(Trusting(authority_));
  EXPECT_THAT(Get(*old_client, "/echo", "x"), IsOkAndHolds("x"));
  TestAuthority next;
  Put(next.Issue("server", "DNS:localhost"));
  const auto new_client = Client(Trusting(next));
  EXPECT_FALSE(Get(*new_client, "/echo", "too early").ok());
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(Get(*new_client, "/echo", "y"), IsOkAndHolds("y"));
  EXPECT_THAT(Get(*old_client, "/echo", "z"), IsOkAndHolds("z"));
  EXPECT_THAT(reloads_, ElementsAre(absl::OkStatus()));
}

TEST_F(TlsReloadTest, FilesThatCannotBeUsedChangeNothing) {
  Serve(ServerFiles(files_));
  std::ofstream(files_.certificate) << "half a certi";
  clock_.Advance(absl::Seconds(1));
  for (int i = 0; i < 2; ++i) {
    const auto client = Client(Trusting(authority_));
    EXPECT_THAT(Get(*client, "/echo", "x"), IsOkAndHolds("x"));
    clock_.Advance(absl::Seconds(1));
  }
  // Said once, not with each connection.
  EXPECT_THAT(reloads_, ElementsAre(StatusIs(kInvalid, HasSubstr(files_.certificate))));
  Put(authority_.Issue("server", "DNS:localhost"));
  const auto client = Client(Trusting(authority_));
  EXPECT_THAT(Get(*client, "/echo", "x"), IsOkAndHolds("x"));
  EXPECT_EQ(reloads_.size(), 2u);
  EXPECT_TRUE(reloads_.back().ok());
}

TEST_F(TlsTest, BadFilesAreNamed) {
  TestAuthority::Files good = authority_.Issue("server", "DNS:localhost");
  const TestAuthority::Files other = authority_.Issue("other", "");
  const std::string text = authority_.folder() + "/text";
  std::ofstream(text) << "not PEM at all";
  const struct {
    std::string certificate;
    std::string key;
    std::string client_ca;
    std::string why;
  } cases[] = {
      {"", good.key, "", "TlsServerOptions::certificate_file is not set"},
      {good.certificate, "", "", "TlsServerOptions::key_file is not set"},
      {"/nowhere.pem", good.key, "",
       "TlsServerOptions::certificate_file \"/nowhere.pem\": No such file"},
      {text, good.key, "", "holds no certificate in PEM form"},
      {good.certificate, text, "", "holds no key in PEM form"},
      {good.certificate, other.key, "", "TlsServerOptions::key_file \"" + other.key},
      {good.certificate, good.key, "/nowhere.pem", "client_ca_file \"/nowhere.pem\": No such file"},
      {good.certificate, good.key, text, "holds no certificates in PEM form"},
  };
  for (const auto& c : cases) {
    TlsServerOptions options;
    options.certificate_file = c.certificate;
    options.key_file = c.key;
    options.client_ca_file = c.client_ca;
    EXPECT_THAT(TlsContext::ForServer(options, clock_), StatusIs(kInvalid, HasSubstr(c.why)));
  }
  TlsClientOptions client;
  client.ca_file = text;
  EXPECT_THAT(TlsContext::ForClient(client, clock_),
              StatusIs(kInvalid, HasSubstr("TlsClientOptions::ca_file")));
  client.ca_file = "";
  client.key_file = good.key;
  EXPECT_THAT(TlsContext::ForClient(client, clock_),
              StatusIs(kInvalid, HasSubstr("TlsClientOptions::certificate_file is not set")));
}

}  // namespace
}  // namespace runnel
