// Several nodes behind a balancer that sends each request to the next one: a session goes on
// wherever its requests arrive, and is lost when its owner is, and not before (PROTOCOL.md, G).

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/cluster/node_name.h"
#include "runtime/cluster/node_pass.h"
#include "runtime/core/status_details.h"
#include "runtime/http/not_sent.h"
#include "runtime/http/refused.h"
#include "runtime/server/endpoint.h"
#include "runtime/server/node_endpoint.h"
#include "tests/end_to_end/calls.h"

namespace end_to_end {
namespace {

using runnel::Awaitable;
using runnel::HttpRequest;
using runnel::HttpResponse;
using runnel::InProcessCut;

constexpr char kSecret[] = "0123456789abcdef0123456789abcdef";

Awaitable<absl::StatusOr<std::string>> ByUser(const runnel::Caller& caller) {
  co_return std::string(caller.headers.Get("user").value_or(""));
}

class Cluster;

// One life of a server's process.
struct Node {
  Node(Cluster& cluster, runnel::Executor executor, ScriptedService& service, std::string secret);

  runnel::ClusterNode Self(Cluster& cluster, std::string secret);
  runnel::EndpointOptions Options(runnel::Executor executor);

  boost::asio::thread_pool blocking{1};
  runnel::MethodRegistry methods;
  runnel::SessionTable sessions;
  runnel::ClusterNode self;
  runnel::EndpointOptions options;
  runnel::Endpoint endpoint;
  runnel::NodeEndpoint node_endpoint;
  runnel::InProcessHttp clients;  // the way of clients to it
  runnel::InProcessHttp nodes;    // the way of other nodes
};

// Where nodes are, by number: "http://node-0".
class Cluster {
 public:
  static constexpr size_t kNodes = 3;

  Cluster() {
    for (size_t i = 0; i < kNodes; ++i) Start(i);
    channel_options_.route = Route::kSession;
  }
  ~Cluster() {
    service_.journal().Add("release");
    stub_.reset();
    channel_.reset();
    for (const auto& node : all_) {
      io_.BlockOn(End(node.get()));
      node->blocking.join();
    }
    io_.BlockOn(Drop(std::move(all_)));
  }

  // Ways to be out of reach: of clients alone; of nodes, whose connections nobody accepts, or where
  // nobody answers.
  enum class Way { kOpen, kNodesOnly, kRefuses, kSilent, kFrozen };

  // From then on another life is at this address.
  void Start(size_t place, std::string secret = kSecret) {
    all_.push_back(std::make_unique<Node>(*this, io_.executor(), service_, std::move(secret)));
    here_[place] = all_.back().get();
    ways_[place] = Way::kOpen;
    EXPECT_EQ(registry_.Join(here_[place]->self.name, UrlOf(place)), absl::OkStatus());
  }
  void Kill(size_t place) {
    ways_[place] = Way::kRefuses;
    io_.BlockOn([](Node* node) -> Awaitable<bool> {
      node->clients.CutAll();
      node->nodes.CutAll();
      co_return true;
    }(here_[place]));
  }
  void SetWay(size_t place, Way way) { ways_[place] = way; }
  // From then on all that the clients of this node want goes through others.
  void MoveClients(size_t place) {
    ways_[place] = Way::kNodesOnly;
    io_.BlockOn([](Node* node) -> Awaitable<bool> {
      node->clients.CutAll();
      co_return true;
    }(here_[place]));
  }

  static std::string UrlOf(size_t place) { return absl::StrCat("http://node-", place); }
  Node& node(size_t place) { return *here_[place]; }
  runnel::MemoryNodeRegistry& registry() { return registry_; }
  Journal& journal() { return service_.journal(); }
  runnel::IoThread& io() { return io_; }
  runnel::ChannelOptions& channel_options() { return channel_options_; }

  // How the next requests between nodes are cut; one each.
  std::vector<InProcessCut>& hop_cuts() { return hop_cuts_; }
  size_t passed() const { return passed_; }

  Scripted::Stub& stub() {
    if (stub_ == nullptr) {
      channel_ = runnel::Channel::Over(io_.executor(), std::make_shared<Balancer>(*this),
                                       channel_options_);
      stub_ = std::make_unique<Scripted::Stub>(channel_);
    }
    return *stub_;
  }

  // Of the first session there is: its node's place.
  size_t OwnerPlace() {
    for (size_t i = 0; i < kNodes; ++i) {
      if (!node(i).sessions.All().empty()) return i;
    }
    ADD_FAILURE() << "there is no session";
    return 0;
  }

  // One request by hand to a node.
  struct Answer {
    Answer() = default;
    int status = 0;
    std::string body;
  };
  Answer Ask(runnel::HttpClient& http, HttpRequest request) {
    return io_.BlockOn(AskOn(http, std::move(request)));
  }

  class Hop final : public runnel::HttpClient {
   public:
    Hop(Cluster& cluster, size_t place) : cluster_(cluster), place_(place) {}
    Awaitable<absl::StatusOr<HttpResponse>> Send(HttpRequest request) override {
      if (cluster_.ways_[place_] == Way::kRefuses) {
        co_return runnel::NotSent(runnel::Refused(absl::UnavailableError("Connection refused")));
      }
      if (cluster_.ways_[place_] == Way::kSilent) {
        if (cluster_.silent_left_ > 0 && --cluster_.silent_left_ == 0) {
          cluster_.ways_[place_] = Way::kOpen;
        }
        co_return runnel::NotSent(absl::UnavailableError("no answer within 2s"));
      }
      if (cluster_.ways_[place_] == Way::kFrozen) {
        const absl::Status cancelled =
            co_await SleepUntil(runnel::Clock::Real(), absl::Now() + absl::Hours(1));
        co_return cancelled;
      }
      ++cluster_.passed_;
      runnel::InProcessHttp& nodes = cluster_.node(place_).nodes;
      if (!cluster_.hop_cuts_.empty()) {
        nodes.CutNext(cluster_.hop_cuts_.back());
        cluster_.hop_cuts_.pop_back();
      }
      co_return co_await nodes.Send(std::move(request));
    }

   private:
    Cluster& cluster_;
    const size_t place_;
  };

  // A node that is silent answers again after so many attempts.
  void AnswerAfter(int attempts) { silent_left_ = attempts; }

 private:
  // Sends each request to the next node that accepts connections.
  class Balancer final : public runnel::HttpClient {
   public:
    explicit Balancer(Cluster& cluster) : cluster_(cluster) {}
    Awaitable<absl::StatusOr<HttpResponse>> Send(HttpRequest request) override {
      size_t place = next_++ % kNodes;
      while (cluster_.ways_[place] != Way::kOpen) place = next_++ % kNodes;
      co_return co_await cluster_.node(place).clients.Send(std::move(request));
    }

   private:
    Cluster& cluster_;
    size_t next_ = 0;
  };

  static Awaitable<Answer> AskOn(runnel::HttpClient& http, HttpRequest request) {
    Answer answer;
    absl::StatusOr<HttpResponse> response = co_await http.Send(std::move(request));
    if (!response.ok()) co_return answer;
    answer.status = response->status;
    while (response->body != nullptr) {
      absl::StatusOr<std::optional<std::string_view>> piece = co_await response->body->Read();
      if (!piece.ok() || !*piece) break;
      answer.body += **piece;
    }
    co_return answer;
  }

  static Awaitable<bool> End(Node* node) {
    for (const auto& session : node->sessions.All()) session->End("the test is over");
    node->endpoint.calls().CancelAll(absl::UnavailableError("the test is over"));
    co_await node->endpoint.calls().JoinUntil(runnel::Clock::Real(), absl::InfiniteFuture());
    const runnel::Executor executor = co_await boost::asio::this_coro::executor;
    for (int turn = 0;
         turn < 100 || node->clients.open_exchanges() > 0 || node->nodes.open_exchanges() > 0;
         ++turn) {
      node->clients.CutAll();
      node->nodes.CutAll();
      co_await boost::asio::post(executor, boost::asio::use_awaitable);
    }
    co_return true;
  }
  static Awaitable<bool> Drop(std::vector<std::unique_ptr<Node>> nodes) {
    nodes.clear();
    co_return true;
  }

  ScriptedService service_;
  runnel::MemoryNodeRegistry registry_;
  runnel::IoThread io_;
  std::array<std::atomic<Way>, kNodes> ways_{};
  std::array<Node*, kNodes> here_{};
  std::vector<std::unique_ptr<Node>> all_;
  std::vector<InProcessCut> hop_cuts_;
  std::atomic<size_t> passed_{0};
  std::atomic<int> silent_left_{0};
  runnel::ChannelOptions channel_options_;
  std::shared_ptr<runnel::Channel> channel_;
  std::unique_ptr<Scripted::Stub> stub_;
};

runnel::ClusterNode Node::Self(Cluster& cluster, std::string secret) {
  runnel::ClusterNode node;
  node.name = runnel::NewNodeName();
  node.secret = std::move(secret);
  node.registry = &cluster.registry();
  node.patience = absl::Milliseconds(50);
  node.connect =
      [&cluster](runnel::Executor,
                 const std::string& url) -> absl::StatusOr<std::shared_ptr<runnel::HttpClient>> {
    return std::make_shared<Cluster::Hop>(cluster, static_cast<size_t>(url.back() - '0'));
  };
  return node;
}

runnel::EndpointOptions Node::Options(runnel::Executor executor) {
  runnel::EndpointOptions endpoint;
  endpoint.executor = std::move(executor);
  endpoint.blocking_executor = blocking.get_executor();
  endpoint.methods = &methods;
  endpoint.sessions = &sessions;
  endpoint.clock = &runnel::Clock::Real();
  endpoint.authenticate = ByUser;
  endpoint.cluster = &self;
  return endpoint;
}

Node::Node(Cluster& cluster, runnel::Executor executor, ScriptedService& service,
           std::string secret)
    : methods(std::vector<std::shared_ptr<runnel::ServerInterceptor>>()),
      sessions(runnel::Limits(), runnel::Clock::Real()),
      self(Self(cluster, std::move(secret))),
      options(Options(executor)),
      endpoint(options),
      node_endpoint(options, endpoint.sessions()),
      clients(executor, endpoint),
      nodes(executor, node_endpoint) {
  EXPECT_EQ(methods.Add(service), absl::OkStatus());
}

Outcome CallOn(Cluster& cluster, CallKind kind, Request request) {
  PendingCall call(cluster.io().executor(), cluster.stub(), kind, std::move(request));
  return call.Await();
}

Request Numbers(int count) {
  Request request;
  request.mutable_script()->set_count(count);
  request.mutable_script()->set_payload_bytes(2000);
  return request;
}

Request WaitForCancel() {
  Request request;
  request.mutable_script()->set_count(2);
  request.mutable_script()->set_wait_for_cancel(true);
  return request;
}

constexpr CallKind kKinds[] = {CallKind::kUnary, CallKind::kServerStream, CallKind::kClientStream,
                               CallKind::kBidi};

TEST(ClusterTest, CallsOfEveryKindGoOnWhereverTheirRequestsArrive) {
  for (Codec codec : {Codec::kJson, Codec::kProto}) {
    Cluster cluster;
    cluster.channel_options().codec = codec;
    for (CallKind kind : kKinds) {
      const Outcome outcome = CallOn(cluster, kind, Numbers(50));
      EXPECT_EQ(outcome.status, absl::OkStatus());
    }
    EXPECT_GT(cluster.passed(), 0u);
    EXPECT_EQ(cluster.journal().Count("started"), 4);
  }
}

TEST(ClusterTest, AHopThatIsCutAnywhereLosesNothing) {
  const InProcessCut cuts[] = {
      {.request_bytes = 0, .response_bytes = {}},   {.request_bytes = 5, .response_bytes = {}},
      {.request_bytes = {}, .response_bytes = 0},   {.request_bytes = {}, .response_bytes = 1},
      {.request_bytes = {}, .response_bytes = 300}, {.request_bytes = {}, .response_bytes = 5000}};
  for (const InProcessCut& cut : cuts) {
    Cluster cluster;
    cluster.channel_options().codec = Codec::kJson;
    cluster.hop_cuts() = {cut, cut, cut};
    // The first carries on its way up and down what the others are to find there.
    PendingCall waiting(cluster.io().executor(), cluster.stub(), CallKind::kBidi, WaitForCancel());
    ASSERT_TRUE(cluster.journal().Await("waiting"));
    for (int i = 0; i < 3; ++i) {
      const Outcome outcome = CallOn(cluster, CallKind::kServerStream, Numbers(100));
      ASSERT_EQ(outcome.status, absl::OkStatus());
      ASSERT_EQ(outcome.replies.size(), 100u);
      for (int n = 0; n < 100; ++n) EXPECT_EQ(outcome.replies[n].number(), n);
    }
    EXPECT_EQ(cluster.journal().Count("started"), 4);
    waiting.Cancel();
    EXPECT_EQ(waiting.Await().status.code(), absl::StatusCode::kCancelled);
  }
}

TEST(ClusterTest, SessionsOfAKilledOwnerAreLostAtOnce) {
  Cluster cluster;
  PendingCall call(cluster.io().executor(), cluster.stub(), CallKind::kServerStream,
                   WaitForCancel());
  ASSERT_TRUE(cluster.journal().Await("waiting"));
  cluster.Kill(cluster.OwnerPlace());
  const Outcome outcome = call.Await();
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(runnel::ReasonOf(outcome.status), "SESSION_LOST") << outcome.status;
  EXPECT_EQ(CallOn(cluster, CallKind::kUnary, Numbers(1)).status, absl::OkStatus());
}

TEST(ClusterTest, TheyAreLostAlsoWhileTheRegistryIsAway) {
  Cluster cluster;
  PendingCall call(cluster.io().executor(), cluster.stub(), CallKind::kServerStream,
                   WaitForCancel());
  ASSERT_TRUE(cluster.journal().Await("waiting"));
  cluster.registry().SetAway(true);
  cluster.Kill(cluster.OwnerPlace());
  EXPECT_EQ(runnel::ReasonOf(call.Await().status), "SESSION_LOST");
}

TEST(ClusterTest, AnotherLifeAtTheOwnersAddressIsNotTheOwner) {
  Cluster cluster;
  PendingCall call(cluster.io().executor(), cluster.stub(), CallKind::kServerStream,
                   WaitForCancel());
  ASSERT_TRUE(cluster.journal().Await("waiting"));
  const size_t owner = cluster.OwnerPlace();
  Node& first = cluster.node(owner);
  cluster.io().BlockOn([](Cluster& cluster, size_t owner, Node& first) -> Awaitable<bool> {
    cluster.Start(owner);
    first.clients.CutAll();
    first.nodes.CutAll();
    co_return true;
  }(cluster, owner, first));
  const Outcome outcome = call.Await();
  EXPECT_EQ(runnel::ReasonOf(outcome.status), "SESSION_LOST") << outcome.status;
}

TEST(ClusterTest, AnOwnerThatIsOutOfReachForAWhileLosesNothing) {
  Cluster cluster;
  PendingCall waiting(cluster.io().executor(), cluster.stub(), CallKind::kBidi, WaitForCancel());
  ASSERT_TRUE(cluster.journal().Await("waiting"));
  const size_t owner = cluster.OwnerPlace();
  cluster.AnswerAfter(4);
  cluster.SetWay(owner, Cluster::Way::kSilent);
  EXPECT_EQ(CallOn(cluster, CallKind::kServerStream, Numbers(30)).status, absl::OkStatus());
  waiting.Cancel();
  EXPECT_EQ(waiting.Await().status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(cluster.journal().Count("started"), 2);
}

TEST(ClusterTest, AnOwnerOutOfReachWhoseLeaseIsGoneIsDead) {
  Cluster cluster;
  PendingCall call(cluster.io().executor(), cluster.stub(), CallKind::kServerStream,
                   WaitForCancel());
  ASSERT_TRUE(cluster.journal().Await("waiting"));
  const size_t owner = cluster.OwnerPlace();
  cluster.registry().Expire(cluster.node(owner).self.name);
  cluster.Kill(owner);
  cluster.SetWay(owner, Cluster::Way::kSilent);
  EXPECT_EQ(runnel::ReasonOf(call.Await().status), "SESSION_LOST");
}

TEST(ClusterTest, AnOwnerThatOnlyCannotRenewItsLeaseLosesNothing) {
  Cluster cluster;
  PendingCall waiting(cluster.io().executor(), cluster.stub(), CallKind::kBidi, WaitForCancel());
  ASSERT_TRUE(cluster.journal().Await("waiting"));
  const size_t owner = cluster.OwnerPlace();
  cluster.MoveClients(owner);
  cluster.registry().Expire(cluster.node(owner).self.name);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(CallOn(cluster, CallKind::kServerStream, Numbers(30)).status, absl::OkStatus());
  }
  waiting.Cancel();
  EXPECT_EQ(waiting.Await().status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(cluster.journal().Count("started"), 21);
}

// As a machine without power: what is connected stays so, and nothing comes any more.
TEST(ClusterTest, AStreamThroughANodeEndsWithTheLeaseOfAnOwnerThatIsFrozen) {
  Cluster cluster;
  PendingCall call(cluster.io().executor(), cluster.stub(), CallKind::kServerStream,
                   WaitForCancel());
  ASSERT_TRUE(cluster.journal().Await("waiting"));
  const size_t owner = cluster.OwnerPlace();
  cluster.MoveClients(owner);
  EXPECT_EQ(CallOn(cluster, CallKind::kUnary, Numbers(1)).status, absl::OkStatus());
  cluster.SetWay(owner, Cluster::Way::kFrozen);
  cluster.registry().Expire(cluster.node(owner).self.name);
  const Outcome outcome = call.Await();
  EXPECT_EQ(runnel::ReasonOf(outcome.status), "SESSION_LOST") << outcome.status;
  EXPECT_TRUE(absl::StrContains(outcome.status.message(), "did not answer")) << outcome.status;
}

TEST(ClusterTest, CallsGoOnWhileTheRegistryIsAway) {
  Cluster cluster;
  cluster.registry().SetAway(true);
  for (CallKind kind : kKinds) {
    EXPECT_EQ(CallOn(cluster, kind, Numbers(50)).status, absl::OkStatus());
  }
  EXPECT_GT(cluster.passed(), 0u);
}

// --- by hand

HttpRequest RequestFor(std::string_view method, std::string body, const std::string& session = "") {
  HttpRequest request;
  request.target = absl::StrCat("/runnel.v1.Channel/", std::string(method));
  request.headers.Add("content-type", "application/json");
  if (!session.empty()) request.headers.Add("runnel-session", session);
  request.body = runnel::StringBody(std::move(body));
  return request;
}

constexpr char kSessionSecret[] =
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

// Opens a session of `user` at the node; its name, "<id>.<secret>".
std::string Open(Cluster& cluster, size_t place, const std::string& user) {
  HttpRequest open = RequestFor(
      "Open", absl::StrCat(R"({"secret":")", kSessionSecret, R"(","versions":[1],"maxMs":1})"));
  open.headers.Add("user", user);
  const Cluster::Answer answer = cluster.Ask(cluster.node(place).clients, std::move(open));
  EXPECT_EQ(answer.status, 200) << answer.body;
  const std::string id = cluster.node(place).sessions.All().at(0)->id();
  EXPECT_TRUE(absl::StartsWith(id, cluster.node(place).self.name + "-"));
  return absl::StrCat(id, ".", kSessionSecret);
}

TEST(ClusterTest, EveryMethodOfASessionIsPassedOn) {
  Cluster cluster;
  const std::string session = Open(cluster, 0, "alice");
  const std::string send = R"({"seq":1,"frames":[]})";
  const std::string envelope = std::string("\0\0\0\0", 4) + static_cast<char>(send.size()) + send;
  const std::pair<const char*, std::string> requests[] = {{"Attach", R"({"attempt":1,"maxMs":1})"},
                                                          {"Send", send},
                                                          {"Upload", envelope},
                                                          {"Close", "{}"}};
  for (const auto& [method, body] : requests) {
    HttpRequest request = RequestFor(method, body, session);
    request.headers.Add("user", "alice");
    const size_t before = cluster.passed();
    const Cluster::Answer answer = cluster.Ask(cluster.node(1).clients, std::move(request));
    EXPECT_EQ(answer.status, 200) << method << ": " << answer.body;
    EXPECT_EQ(cluster.passed(), before + 1) << method;
  }
  EXPECT_TRUE(cluster.node(0).sessions.All().empty());
}

TEST(ClusterTest, TheNodeThatAcceptsARequestSaysWhoCalls) {
  Cluster cluster;
  const std::string session = Open(cluster, 0, "alice");
  HttpRequest request = RequestFor("Send", R"({"seq":1,"frames":[]})", session);
  request.headers.Add("user", "mallory");
  const Cluster::Answer answer = cluster.Ask(cluster.node(1).clients, std::move(request));
  EXPECT_EQ(answer.status, 403);
  EXPECT_TRUE(absl::StrContains(answer.body, "another principal")) << answer.body;
}

runnel::NodePass PassTo(const std::string& to) {
  runnel::NodePass pass;
  pass.to = to;
  pass.from = "00000000000000aa";
  pass.principal = "alice";
  return pass;
}

TEST(ClusterTest, APassThatAClientHasWrittenIsWorthNothing) {
  Cluster cluster;
  const std::string session = Open(cluster, 0, "alice");
  for (size_t place : {0u, 1u}) {
    // Even one that is right: clients are told apart from nodes by where they knock.
    HttpRequest request = RequestFor("Send", R"({"seq":1,"frames":[]})", session);
    request.headers.Add("user", "mallory");
    AttachNodePass(PassTo(cluster.node(0).self.name), kSecret, absl::Now(), request);
    EXPECT_EQ(cluster.Ask(cluster.node(place).clients, std::move(request)).status, 403);
  }
}

TEST(ClusterTest, WhoDoesNotKnowTheSecretIsNoNode) {
  Cluster cluster;
  const std::string session = Open(cluster, 0, "alice");
  const runnel::NodePass pass = PassTo(cluster.node(0).self.name);
  const auto ask = [&](const std::function<void(HttpRequest&)>& change) {
    HttpRequest request = RequestFor("Send", R"({"seq":1,"frames":[]})", session);
    change(request);
    return cluster.Ask(cluster.node(0).nodes, std::move(request)).status;
  };
  const absl::Time now = absl::Now();
  EXPECT_EQ(ask([&](HttpRequest& request) { AttachNodePass(pass, kSecret, now, request); }), 200);
  EXPECT_EQ(ask([&](HttpRequest&) {}), 401) << "without a pass";
  EXPECT_EQ(ask([&](HttpRequest& request) { AttachNodePass(pass, "another", now, request); }), 401);
  EXPECT_EQ(ask([&](HttpRequest& request) {
              AttachNodePass(pass, kSecret, now - absl::Minutes(3), request);
            }),
            401)
      << "an old one";
  for (const char* field : {"runnel-node-principal", "runnel-node-peer", "runnel-node-to",
                            "runnel-node-from", "runnel-node-time", "runnel-session"}) {
    EXPECT_EQ(ask([&](HttpRequest& request) {
                AttachNodePass(pass, kSecret, now, request);
                request.headers.Set(field, "6d616c6c6f7279");
              }),
              401)
        << field << " is not what was signed";
  }
}

TEST(ClusterTest, AnotherSecretOnTheOwnerDoesNotEndASession) {
  Cluster cluster;
  cluster.Start(0, "another secret, of 32 bytes or so");
  const std::string session = Open(cluster, 0, "alice");
  HttpRequest request = RequestFor("Send", R"({"seq":1,"frames":[]})", session);
  request.headers.Add("user", "alice");
  const Cluster::Answer answer = cluster.Ask(cluster.node(1).clients, std::move(request));
  EXPECT_EQ(answer.status, 503);
  EXPECT_FALSE(absl::StrContains(answer.body, "details")) << answer.body;
}

TEST(ClusterTest, NothingIsPassedOnTwice) {
  Cluster cluster;
  const std::string session = Open(cluster, 0, "alice");
  HttpRequest request = RequestFor("Send", R"({"seq":1,"frames":[]})", session);
  AttachNodePass(PassTo(cluster.node(1).self.name), kSecret, absl::Now(), request);
  EXPECT_EQ(cluster.Ask(cluster.node(1).nodes, std::move(request)).status, 421);
  EXPECT_EQ(cluster.passed(), 0u);
}

TEST(ClusterTest, NodesThatNobodyKnowsAreGone) {
  Cluster cluster;
  const std::string invented =
      absl::StrCat("00000000000000aa-0123456789abcdef0123456789abcdef.", kSessionSecret);
  const auto ask = [&] {
    return cluster.Ask(cluster.node(1).clients,
                       RequestFor("Send", R"({"seq":1,"frames":[]})", invented));
  };
  const Cluster::Answer gone = ask();
  EXPECT_EQ(gone.status, 503);
  EXPECT_TRUE(absl::StrContains(gone.body, "is gone")) << gone.body;
  cluster.registry().SetAway(true);
  const Cluster::Answer unknown = ask();
  EXPECT_EQ(unknown.status, 503);
  EXPECT_TRUE(absl::StrContains(unknown.body, "cannot be reached")) << unknown.body;
}

}  // namespace
}  // namespace end_to_end
