#include "services/descriptors/descriptors_service.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <string>
#include <vector>

#include "chat/v1/chat.runnel.h"
#include "gmock/gmock.h"
#include "grpc/reflection/v1/reflection.runnel.h"
#include "gtest/gtest.h"
#include "runnel/client.h"
#include "runnel/v1/descriptors.runnel.h"
#include "services/examples/shared/example_server.h"

namespace runnel {
namespace {

namespace pb = google::protobuf;
namespace reflection = grpc::reflection::v1;
using ::testing::Contains;
using ::testing::ElementsAre;

class DescriptorsServiceTest : public ::testing::Test {
 protected:
  std::vector<std::string> ListServices() {
    v1::Descriptors::Stub stub(server_.channel());
    absl::StatusOr<v1::ListServicesResponse> listed = server_.BlockOn(stub.ListServices({}));
    EXPECT_TRUE(listed.ok()) << listed.status();
    if (!listed.ok()) return {};
    return {listed->services().begin(), listed->services().end()};
  }
  pb::FileDescriptorSet Download() {
    v1::Descriptors::Stub stub(server_.channel());
    absl::StatusOr<pb::FileDescriptorSet> set = server_.BlockOn(stub.GetDescriptorSet({}));
    EXPECT_TRUE(set.ok()) << set.status();
    return set.ok() ? *set : pb::FileDescriptorSet();
  }
  // The response to each of the requests of one stream.
  std::vector<reflection::ServerReflectionResponse> Ask(
      const std::vector<reflection::ServerReflectionRequest>& requests) {
    auto stream = reflection::ServerReflection::Stub(server_.channel()).ServerReflectionInfo();
    std::vector<reflection::ServerReflectionResponse> responses;
    for (const reflection::ServerReflectionRequest& request : requests) {
      absl::Status written = server_.BlockOn(stream.Write(request));
      EXPECT_TRUE(written.ok()) << written;
      responses.push_back(server_.Next(stream));
    }
    absl::Status done = server_.BlockOn(stream.WritesDone());
    EXPECT_TRUE(done.ok()) << done;
    const absl::Status ended = server_.End(stream);
    EXPECT_TRUE(ended.ok()) << ended;
    return responses;
  }
  reflection::ServerReflectionResponse Ask(const reflection::ServerReflectionRequest& request) {
    return Ask(std::vector{request}).front();
  }
  static std::vector<std::string> NamesOf(const reflection::ServerReflectionResponse& response) {
    std::vector<std::string> names;
    for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
      pb::FileDescriptorProto file;
      EXPECT_TRUE(file.ParseFromString(bytes));
      names.push_back(file.name());
    }
    return names;
  }

  chat::v1::Chat::Service chat_;
  DescriptorsService descriptors_;
  examples::ExampleServer server_{&descriptors_, &chat_};
};

TEST_F(DescriptorsServiceTest, ListsServicesAddedBeforeAndAfterItAndItself) {
  EXPECT_THAT(ListServices(), ElementsAre("chat.v1.Chat", "grpc.reflection.v1.ServerReflection",
                                          "runnel.v1.Descriptors"));
}

TEST_F(DescriptorsServiceTest, HasFilesBehindTheirImports) {
  const pb::FileDescriptorSet set = Download();
  pb::DescriptorPool pool;  // takes a file only when it has those that it imports
  for (const pb::FileDescriptorProto& file : set.file()) {
    EXPECT_NE(pool.BuildFile(file), nullptr) << file.name();
  }
  const pb::MethodDescriptor* post = pool.FindMethodByName("chat.v1.Chat.Post");
  ASSERT_NE(post, nullptr);
  EXPECT_EQ(post->input_type()->full_name(), "chat.v1.PostRequest");
  EXPECT_NE(pool.FindFileByName("google/protobuf/descriptor.proto"), nullptr);
}

TEST_F(DescriptorsServiceTest, HasWhatIsWrittenInTheProto) {
  const pb::FileDescriptorSet set = Download();
  pb::DescriptorPool pool;
  for (const pb::FileDescriptorProto& file : set.file()) pool.BuildFile(file);
  pb::SourceLocation location;
  ASSERT_NE(pool.FindServiceByName("chat.v1.Chat"), nullptr);
  ASSERT_TRUE(pool.FindServiceByName("chat.v1.Chat")->GetSourceLocation(&location));
  EXPECT_EQ(location.leading_comments,
            " Rooms in which people talk.\n\n All four kinds of call.\n");
  ASSERT_TRUE(pool.FindMethodByName("chat.v1.Chat.Upload")->GetSourceLocation(&location));
  EXPECT_EQ(location.leading_comments, " Takes a file, in pieces.\n");
  EXPECT_EQ(location.trailing_comments, " never more than one\n");
}

TEST_F(DescriptorsServiceTest, HasJsonNames) {
  const pb::FileDescriptorSet set = Download();
  std::vector<std::string> names;
  for (const pb::FileDescriptorProto& file : set.file()) {
    if (file.name() != "grpc/reflection/v1/reflection.proto") continue;
    for (const pb::FieldDescriptorProto& field : file.message_type(0).field()) {
      names.push_back(field.json_name());
    }
  }
  EXPECT_THAT(names, Contains("fileByFilename"));
}

TEST_F(DescriptorsServiceTest, ReflectsTheServices) {
  reflection::ServerReflectionRequest request;
  request.set_host("here");
  request.set_list_services("*");
  const reflection::ServerReflectionResponse response = Ask(request);
  EXPECT_EQ(response.valid_host(), "here");
  EXPECT_EQ(response.original_request().list_services(), "*");
  std::vector<std::string> names;
  for (const auto& service : response.list_services_response().service()) {
    names.push_back(service.name());
  }
  EXPECT_THAT(names, ElementsAre("chat.v1.Chat", "grpc.reflection.v1.ServerReflection",
                                 "runnel.v1.Descriptors"));
}

TEST_F(DescriptorsServiceTest, ReflectsFilesByNameAndSymbol) {
  reflection::ServerReflectionRequest by_name;
  by_name.set_file_by_filename("chat/v1/chat.proto");
  EXPECT_THAT(NamesOf(Ask(by_name)), ElementsAre("chat/v1/chat.proto", "runnel/v1/options.proto",
                                                 "google/protobuf/descriptor.proto"));
  for (const char* symbol : {"chat.v1.Chat", "chat.v1.Chat.Post", "chat.v1.PostRequest"}) {
    reflection::ServerReflectionRequest by_symbol;
    by_symbol.set_file_containing_symbol(symbol);
    EXPECT_THAT(NamesOf(Ask(by_symbol)), Contains("chat/v1/chat.proto")) << symbol;
  }
}

TEST_F(DescriptorsServiceTest, SendsImportsOnceAndWhatIsAskedForAlways) {
  reflection::ServerReflectionRequest chat, options;
  chat.set_file_containing_symbol("chat.v1.Chat");
  options.set_file_by_filename("runnel/v1/options.proto");
  const auto responses = Ask({chat, chat, options});
  EXPECT_THAT(NamesOf(responses[0]), Contains("runnel/v1/options.proto"));
  EXPECT_THAT(NamesOf(responses[1]), ElementsAre("chat/v1/chat.proto"));
  EXPECT_THAT(NamesOf(responses[2]), ElementsAre("runnel/v1/options.proto"));
}

TEST_F(DescriptorsServiceTest, ReflectsExtensions) {
  reflection::ServerReflectionRequest numbers;
  numbers.set_all_extension_numbers_of_type("google.protobuf.MethodOptions");
  const reflection::ServerReflectionResponse all = Ask(numbers);
  const auto& response = all.all_extension_numbers_response();
  EXPECT_EQ(response.base_type_name(), "google.protobuf.MethodOptions");
  ASSERT_FALSE(response.extension_number().empty());
  reflection::ServerReflectionRequest extension;
  extension.mutable_file_containing_extension()->set_containing_type(
      "google.protobuf.MethodOptions");
  extension.mutable_file_containing_extension()->set_extension_number(response.extension_number(0));
  EXPECT_THAT(NamesOf(Ask(extension)), Contains("runnel/v1/options.proto"));
}

TEST_F(DescriptorsServiceTest, AnswersWhatIsNotThereAndGoesOn) {
  std::vector<reflection::ServerReflectionRequest> requests(5);
  requests[0].set_file_by_filename("nowhere.proto");
  requests[1].set_file_containing_symbol("chat.v1.Chta");
  requests[2].mutable_file_containing_extension()->set_containing_type("chat.v1.PostRequest");
  requests[2].mutable_file_containing_extension()->set_extension_number(7);
  requests[3].set_all_extension_numbers_of_type("nothing");
  const auto responses = Ask(requests);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(responses[i].error_response().error_code(), 5) << responses[i].DebugString();
  }
  EXPECT_EQ(responses[1].error_response().error_message(), "there is no symbol chat.v1.Chta");
  EXPECT_EQ(responses[4].error_response().error_code(), 3);
}

}  // namespace
}  // namespace runnel
