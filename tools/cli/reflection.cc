#include "tools/cli/reflection.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "runtime/client/streams.h"
#include "runtime/core/status_macros.h"

namespace runnel::cli {
namespace {

using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

using Requests = std::vector<ServerReflectionRequest>;
using Responses = std::vector<ServerReflectionResponse>;

// One call. An answer to each request, or an error.
absl::StatusOr<Responses> Exchange(Connection& connection, const Requests& requests) {
  static const MethodInfo method = {"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                                    CallKind::kBidi, Idempotency::kUnknown};
  CallOptions options = connection.call_options();
  options.route = Route::kDirect;
  StreamHandle stream(connection.channel(), method, std::move(options));
  for (const ServerReflectionRequest& request : requests) {
    // An error is the end of the call, whose status Read has.
    if (!connection.io().BlockOn(stream.Write(request, WriteOptions())).ok()) break;
  }
  connection.io().BlockOn(stream.WritesDone()).IgnoreError();
  Responses responses;
  while (true) {
    ServerReflectionResponse response;
    RUNNEL_ASSIGN_OR_RETURN(const bool more, connection.io().BlockOn(stream.Read(response)));
    if (!more) break;
    responses.push_back(std::move(response));
  }
  if (responses.size() == requests.size()) return responses;
  return absl::DataLossError(
      absl::StrCat("reflection answers ", responses.size(), " of ", requests.size(), " requests"));
}

class FileCollector {
 public:
  // Those of one response. What a server does not know of itself is missed where it is needed.
  absl::Status Take(const ServerReflectionResponse& response) {
    for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
      google::protobuf::FileDescriptorProto file;
      if (!file.ParseFromString(bytes)) {
        return absl::DataLossError("reflection has sent something that is no .proto file");
      }
      if (names_.insert(file.name()).second) *files_.add_file() = std::move(file);
    }
    return absl::OkStatus();
  }

  // Imports that nobody has asked for yet.
  Requests Missing() {
    Requests requests;
    for (const google::protobuf::FileDescriptorProto& file : files_.file()) {
      for (const std::string& import : file.dependency()) {
        if (names_.contains(import) || !asked_.insert(import).second) continue;
        requests.emplace_back().set_file_by_filename(import);
      }
    }
    return requests;
  }

  google::protobuf::FileDescriptorSet files() && { return std::move(files_); }

 private:
  google::protobuf::FileDescriptorSet files_;
  std::set<std::string> names_;
  std::set<std::string> asked_;
};

}  // namespace

absl::StatusOr<ReflectedFiles> AskReflection(Connection& connection) {
  Requests requests(1);
  requests[0].set_list_services("*");
  RUNNEL_ASSIGN_OR_RETURN(const Responses listed, Exchange(connection, requests));
  ReflectedFiles reflected;
  requests.clear();
  for (const auto& service : listed[0].list_services_response().service()) {
    reflected.services.insert(service.name());
    requests.emplace_back().set_file_containing_symbol(service.name());
  }
  FileCollector collector;
  while (!requests.empty()) {
    RUNNEL_ASSIGN_OR_RETURN(const Responses answers, Exchange(connection, requests));
    for (const ServerReflectionResponse& answer : answers) {
      RUNNEL_RETURN_IF_ERROR(collector.Take(answer));
    }
    requests = collector.Missing();
  }
  reflected.files = std::move(collector).files();
  return reflected;
}

}  // namespace runnel::cli
