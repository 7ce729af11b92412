#include "runtime/api/api_request.h"

#include <initializer_list>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/api/library_methods_test.h"
#include "runtime/testing/status_matchers.h"

namespace runnel {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

// What a server reads of a request for the method.
template <typename T>
absl::StatusOr<T> Decode(const ApiMethod& method, std::string_view target, std::string_view body) {
  const size_t question = target.find('?');
  const std::string_view query =
      question == target.npos ? std::string_view() : target.substr(question + 1);
  const auto values = PathTemplate(method.path).Match(target.substr(0, question));
  if (!values) return absl::NotFoundError("another path");
  T request;
  absl::Status decoded = DecodeApiRequest(method, *values, query, body, Limits(), request);
  if (!decoded.ok()) return decoded;
  return request;
}

TEST(ApiRequestTest, PutsEveryKindOfFieldIntoTheQueryAndBack) {
  api::v1::GetBookRequest request;
  request.set_name("shelves/1/é");
  request.add_edition_numbers(-3);
  request.add_edition_numbers(int64_t{1} << 60);
  request.mutable_page()->set_size(20);
  request.mutable_page()->set_all(false);
  request.set_binding(api::v1::HARDCOVER);
  request.set_price(0.1);
  request.set_cursor("\xff\xfe&");
  const ApiMethod& method = LibraryMethod("GetBook");
  const auto encoded = EncodeApiRequest(method, request, false);
  ASSERT_THAT(encoded, IsOk());
  EXPECT_EQ(encoded->target,
            "/v1/books/shelves/1/%C3%A9?editionNumbers=-3&editionNumbers=1152921504606846976&"
            "page.size=20&page.every_one=false&binding=HARDCOVER&price=0.1&cursor=__4m");
  EXPECT_EQ(encoded->body, std::nullopt);
  const auto decoded = Decode<api::v1::GetBookRequest>(method, encoded->target, "");
  ASSERT_THAT(decoded, IsOk());
  EXPECT_EQ(decoded->SerializeAsString(), request.SerializeAsString());
}

TEST(ApiRequestTest, LeavesOutOfTheQueryWhatIsNotSet) {
  api::v1::GetBookRequest request;
  request.set_name("x");
  EXPECT_EQ(EncodeApiRequest(LibraryMethod("GetBook"), request, false)->target, "/v1/books/x");
}

TEST(ApiRequestTest, UnderstandsNamesOfTheProtoAndIgnoresUnknownOnes) {
  const auto decoded = Decode<api::v1::GetBookRequest>(
      LibraryMethod("GetBook"),
      "/v1/books/x?edition_numbers=1&page.all=1&&beta=true&page=3&page.x.y=1&price.x=2&binding=1",
      "");
  ASSERT_THAT(decoded, IsOk());
  api::v1::GetBookRequest expected;
  expected.set_name("x");
  expected.add_edition_numbers(1);
  expected.mutable_page()->set_all(true);
  expected.set_binding(api::v1::HARDCOVER);
  EXPECT_EQ(decoded->SerializeAsString(), expected.SerializeAsString());
}

TEST(ApiRequestTest, SaysWhichParameterIsWrong) {
  for (const auto& [query, what] : std::initializer_list<std::pair<const char*, const char*>>{
           {"page.size=2147483648",
            "\"2147483648\" is no 32-bit integer, as api.v1.GetBookRequest."
            "Page.size is"},
           {"editionNumbers=", "\"\" is no 64-bit integer"},
           {"page.all=yes", "is no bool"},
           {"binding=PAPER", "is no value of the enum"},
           {"price=x", "is no number"},
           {"cursor=%00", "is no base64"},
           {"name=%zz", "without two hexadecimal digits"}}) {
    EXPECT_THAT(Decode<api::v1::GetBookRequest>(LibraryMethod("GetBook"),
                                                absl::StrCat("/v1/books/x?", query), ""),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(what)))
        << query;
  }
  EXPECT_THAT(Decode<api::v1::AskRequest>(LibraryMethod("Ask"), "/v1/models/%ff:ask", "{}"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is no UTF-8")));
}

TEST(ApiRequestTest, PutsOneFieldIntoTheBodyAndTheRestIntoTheQuery) {
  api::v1::UpdateBookRequest request;
  request.mutable_shelf()->set_id(7);
  request.mutable_book()->set_title("t");
  request.set_dry_run(true);
  const ApiMethod& method = LibraryMethod("UpdateBook");
  const auto encoded = EncodeApiRequest(method, request, false);
  ASSERT_THAT(encoded, IsOk());
  EXPECT_EQ(encoded->target, "/v1/shelves/7/book?dryRun=true");
  EXPECT_THAT(encoded->body, Optional(std::string("{\"title\":\"t\"}")));
  const auto decoded = Decode<api::v1::UpdateBookRequest>(method, encoded->target, *encoded->body);
  ASSERT_THAT(decoded, IsOk());
  EXPECT_EQ(decoded->SerializeAsString(), request.SerializeAsString());
}

TEST(ApiRequestTest, PutsIntoTheBodyWhatIsNotInThePathAndWhetherToStream) {
  api::v1::AskRequest request;
  request.set_model("m");
  request.set_question("?");
  const ApiMethod& method = LibraryMethod("AskBitByBit");
  const auto stream = EncodeApiRequest(method, request, true);
  ASSERT_THAT(stream, IsOk());
  EXPECT_EQ(stream->target, "/v1/models/m:ask");
  EXPECT_THAT(stream->body, Optional(std::string("{\"question\":\"?\",\"stream\":true}")));
  request.set_stream(true);
  const auto unary = EncodeApiRequest(method, request, false);
  ASSERT_THAT(unary, IsOk());
  EXPECT_THAT(unary->body, Optional(std::string("{\"question\":\"?\"}")));

  auto decoded = Decode<api::v1::AskRequest>(method, "/v1/models/m:ask",
                                             "{\"model\":\"other\",\"stream\":true,\"extra\":[1]}");
  ASSERT_THAT(decoded, IsOk());
  EXPECT_EQ(decoded->model(), "m");
  EXPECT_TRUE(AsksForStream(method, *decoded));
  decoded->clear_stream();
  EXPECT_FALSE(AsksForStream(method, *decoded));
}

TEST(ApiRequestTest, RefusesWhatMakesNoRequest) {
  EXPECT_THAT(EncodeApiRequest(LibraryMethod("Ask"), api::v1::AskRequest(), false),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("AskRequest.model is empty")));
  api::v1::AskRequest request;
  request.set_model("m");
  request.set_question("\xff");
  EXPECT_THAT(EncodeApiRequest(LibraryMethod("Ask"), request, false),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not valid UTF-8")));
  EXPECT_THAT(Decode<api::v1::AskRequest>(LibraryMethod("Ask"), "/v1/models/m:ask", ""),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("body is empty")));
}

}  // namespace
}  // namespace runnel
