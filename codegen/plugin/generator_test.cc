#include "codegen/plugin/generator.h"

#include <string>

#include "codegen/plugin/generate_text_test.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace runnel::codegen {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;

constexpr char kPing[] = R"(
  syntax = "proto3";
  package p;
  message M {}
  service Ping { rpc Do(M) returns (M); }
)";

TEST(GeneratorTest, WritesHeaderAndSource) {
  Result result = GenerateText(kPing);
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(result.files, ElementsAre(Key("x.runnel.cc"), Key("x.runnel.h")));
}

TEST(GeneratorTest, WritesBothFilesForFileWithoutServices) {
  Result result = GenerateText("syntax = \"proto3\"; message M {}");
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(result.files, ElementsAre(Key("x.runnel.cc"), Key("x.runnel.h")));
}

// Comments in string literals of the source, which say it in a serialized message.
TEST(GeneratorTest, KeepsCommentsOfServicesAndOfWhatTheySend) {
  const Files files = {
      {"x.proto", R"(
         // A license.
         syntax = "proto3";
         package p;
         import "sent.proto";
         import "not_sent.proto";
         import "served.proto";
         import "google/protobuf/timestamp.proto";
         // Detached.

         // Plays.
         service Ping { rpc Do(Sent) returns (Served); }
         // In the same file.
         message M { NotSent not_sent = 1; }
       )"},
      {"sent.proto", R"(
         syntax = "proto3";
         package p;
         message Sent {
           string a = 1;  // Behind a field.
         }
       )"},
      {"not_sent.proto", "syntax = \"proto3\"; package p;\n// Unsent.\nmessage NotSent {}"},
      {"served.proto", R"(
         syntax = "proto3";
         package p;
         // Its own code has it.
         message Served {}
         service Other { rpc Do(Served) returns (Served); }
       )"},
  };
  const Result result = GenerateFiles(files);
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(result.files.at("x.runnel.cc"),
              AllOf(HasSubstr("Plays."), HasSubstr("In the same file."),
                    HasSubstr("\"sent.proto\""), HasSubstr("Behind a field.")));
  EXPECT_THAT(result.files.at("x.runnel.cc"),
              AllOf(Not(HasSubstr("A license.")), Not(HasSubstr("Detached")),
                    Not(HasSubstr("Unsent")), Not(HasSubstr("Its own"))));
}

TEST(GeneratorTest, AddsMockWhenAsked) {
  for (const char* parameter : {"mock", "mock=true"}) {
    EXPECT_THAT(GenerateText(kPing, parameter).files,
                ElementsAre(Key("x.runnel.cc"), Key("x.runnel.h"), Key("x.runnel_mock.h")));
  }
}

TEST(GeneratorTest, WritesMockAlone) {
  EXPECT_THAT(GenerateText(kPing, "mock=only").files, ElementsAre(Key("x.runnel_mock.h")));
}

TEST(GeneratorTest, WritesTheSameEveryTime) {
  EXPECT_EQ(GenerateText(kPing, "mock").files, GenerateText(kPing, "mock").files);
}

TEST(GeneratorTest, AcceptsProto3Optional) {
  EXPECT_TRUE(Generator().GetSupportedFeatures() & Generator::FEATURE_PROTO3_OPTIONAL);
}

TEST(GeneratorTest, RefusesUnknownParameterAndListsTheKnown) {
  Result result = GenerateText(kPing, "mock,grpc=true");
  EXPECT_EQ(result.error, "unknown parameter \"grpc\"; there is: mock (true, false, only)");
  EXPECT_THAT(result.files, IsEmpty());
}

TEST(GeneratorTest, RefusesUnknownValueOfMock) {
  EXPECT_EQ(GenerateText(kPing, "mock=yes").error,
            "parameter mock is \"yes\"; it can be true, false or only");
}

TEST(GeneratorTest, RefusesPackageThatIsNoNamespace) {
  Result result = GenerateText("syntax = \"proto3\"; package a.class.v1; message M {}");
  EXPECT_THAT(result.error, AllOf(HasSubstr("package \"a.class.v1\" of x.proto"),
                                  HasSubstr("\"class\" is a word"), HasSubstr("\"class_\"")));
  EXPECT_THAT(result.files, IsEmpty());
}

TEST(GeneratorTest, RefusesMessageFromPackageThatIsNoNamespace) {
  Result result = GenerateFiles({{"y.proto", "syntax = \"proto3\"; package int; message M {}"},
                                 {"x.proto", R"(syntax = "proto3"; package p; import "y.proto";
                          service Ping { rpc Do(.int.M) returns (.int.M); })"}});
  EXPECT_THAT(result.error, HasSubstr("package \"int\" of y.proto"));
}

TEST(GeneratorTest, RefusesMessageThatIsKeywordOfCpp20) {
  Result result = GenerateText(R"(syntax = "proto3"; package p; message concept {}
                             service Ping { rpc Do(concept) returns (concept); })");
  EXPECT_THAT(result.error, AllOf(HasSubstr("message \"p.concept\" of x.proto"),
                                  HasSubstr("rename the message")));
}

TEST(GeneratorTest, RefusesLiteMessages) {
  Result result =
      GenerateText(R"(syntax = "proto3"; option optimize_for = LITE_RUNTIME; message M {}
                             service Ping { rpc Do(M) returns (M); })");
  EXPECT_THAT(result.error,
              AllOf(HasSubstr("message \"M\" of x.proto"), HasSubstr("LITE_RUNTIME")));
}

TEST(GeneratorTest, RefusesGenericServices) {
  Result result = GenerateText(R"(syntax = "proto3"; option cc_generic_services = true; message M {}
                             service Ping { rpc Do(M) returns (M); })");
  EXPECT_THAT(result.error, AllOf(HasSubstr("x.proto sets cc_generic_services"),
                                  HasSubstr("class \"Ping\""), HasSubstr("remove the option")));
}

// The option as a file that declares it itself: the user's program need not link Runnel's.
constexpr char kOptions[] = R"(
  syntax = "proto3"; package runnel.v1; import "google/protobuf/descriptor.proto";
  extend google.protobuf.MethodOptions { optional bool resumable = 52120; }
)";
constexpr char kDescriptor[] = R"(
  syntax = "proto2"; package google.protobuf;
  message MethodOptions { optional bool deprecated = 33; extensions 1000 to max; }
)";

TEST(GeneratorTest, PassesResumableOn) {
  Result result = GenerateFiles({{"google/protobuf/descriptor.proto", kDescriptor},
                                 {"runnel/v1/options.proto", kOptions},
                                 {"x.proto", R"(syntax = "proto3"; import "runnel/v1/options.proto";
                          message M {}
                          service S { rpc Do(M) returns (stream M) {
                            option (runnel.v1.resumable) = true; } })"}});
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(result.files["x.runnel.cc"],
              AllOf(HasSubstr("/*resumable=*/true"), Not(HasSubstr("/*resumable=*/false"))));
}

TEST(GeneratorTest, RefusesResumableMethodThatIsNoServerStream) {
  Result result = GenerateFiles({{"google/protobuf/descriptor.proto", kDescriptor},
                                 {"runnel/v1/options.proto", kOptions},
                                 {"x.proto", R"(syntax = "proto3"; import "runnel/v1/options.proto";
                          message M {}
                          service S { rpc Do(M) returns (M) {
                            option (runnel.v1.resumable) = true; } })"}});
  EXPECT_THAT(result.error, AllOf(HasSubstr("\"S.Do\" cannot be resumable"),
                                  HasSubstr("only a server stream can")));
}

}  // namespace
}  // namespace runnel::codegen
