// A user's service, in a user's workspace: served on a free port and called.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "parts/v1/part.pb.h"
#include "runnel/client.h"
#include "runnel/server.h"
#include "shop/v1/shop.runnel.h"
#include "shop/v1/shop.runnel_mock.h"

namespace shop::v1 {
namespace {

using parts::v1::Part;
using ::testing::ElementsAre;

Part MakePart(const std::string& name, int cents) {
  Part part;
  part.set_name(name);
  part.set_cents(cents);
  return part;
}

class CornerShop : public Shop::Service {
 public:
  runnel::Awaitable<absl::StatusOr<PriceResponse>> Price(runnel::ServerContext&,
                                                         const PriceRequest& request) override {
    PriceResponse response;
    for (const Part& part : request.parts()) {
      if (part.cents() < 0) co_return absl::InvalidArgumentError(part.name() + " costs too little");
      response.set_cents(response.cents() + part.cents());
    }
    co_return response;
  }

  runnel::Awaitable<absl::Status> List(runnel::ServerContext&, const ListRequest& request,
                                       runnel::Writer<Part>& writer) override {
    for (const Part& part : {MakePart("screw", 5), MakePart("nut", 7), MakePart("gear", 900)}) {
      if (part.cents() <= request.dearer_than_cents()) continue;
      RUNNEL_CO_RETURN_IF_ERROR(co_await writer.Write(part));
    }
    co_return absl::OkStatus();
  }
};

class ShopTest : public ::testing::Test {
 protected:
  ShopTest() {
    EXPECT_EQ(server_.AddService(service_), absl::OkStatus());
    EXPECT_EQ(server_.Start(), absl::OkStatus());
    shop_ = std::make_unique<Shop::Stub>(runnel::Channel::Connect(io_.executor(), server_.url()));
  }

  static runnel::ServerOptions FreePort() {
    runnel::ServerOptions options;
    options.listen = "127.0.0.1:0";
    return options;
  }

  CornerShop service_;
  runnel::Server server_{FreePort()};
  runnel::IoThread io_;
  std::unique_ptr<Shop::Stub> shop_;
};

TEST_F(ShopTest, AnswersUnaryCall) {
  PriceRequest request;
  *request.add_parts() = MakePart("screw", 5);
  *request.add_parts() = MakePart("gear", 900);
  absl::StatusOr<PriceResponse> response = io_.BlockOn(shop_->Price(request));
  ASSERT_EQ(response.status(), absl::OkStatus());
  EXPECT_EQ(response->cents(), 905);
}

TEST_F(ShopTest, ErrorReachesTheClient) {
  PriceRequest request;
  *request.add_parts() = MakePart("gift", -1);
  EXPECT_EQ(io_.BlockOn(shop_->Price(request)).status(),
            absl::InvalidArgumentError("gift costs too little"));
}

TEST_F(ShopTest, StreamsMessagesOfAnotherPackage) {
  ListRequest request;
  request.set_dearer_than_cents(5);
  runnel::ClientReader<Part> parts = shop_->List(request);
  std::vector<std::string> names;
  for (;;) {
    absl::StatusOr<std::optional<Part>> part = io_.BlockOn(parts.Read());
    ASSERT_EQ(part.status(), absl::OkStatus());
    if (!*part) break;
    names.push_back((*part)->name());
  }
  EXPECT_THAT(names, ElementsAre("nut", "gear"));
}

runnel::Awaitable<absl::StatusOr<PriceResponse>> SoldOut() {
  co_return absl::NotFoundError("sold out");
}

TEST(ShopMockTest, StandsInForTheStub) {
  MockShopStub shop;
  EXPECT_CALL(shop, Price).WillOnce([](auto&&...) { return SoldOut(); });
  Shop::StubInterface& stub = shop;
  runnel::IoThread io;
  EXPECT_EQ(io.BlockOn(stub.Price({})).status(), absl::NotFoundError("sold out"));
}

}  // namespace
}  // namespace shop::v1
