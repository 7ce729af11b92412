#include "services/descriptors/descriptors_service.h"

#include <optional>
#include <utility>

#include "grpc/reflection/v1/reflection.runnel.h"
#include "runnel/v1/descriptors.runnel.h"
#include "services/descriptors/reflection_answers.h"
#include "services/descriptors/served_files.h"

namespace runnel {

// Written before the server serves, then read by its loops.
struct DescriptorsService::Served {
  std::vector<std::string> services;
  google::protobuf::FileDescriptorSet files;
};

class DescriptorsService::Download final : public v1::Descriptors::Service {
 public:
  explicit Download(const Served& served) : served_(served) {}

  Awaitable<absl::StatusOr<google::protobuf::FileDescriptorSet>> GetDescriptorSet(
      ServerContext&, const v1::GetDescriptorSetRequest&) override {
    co_return served_.files;
  }

  Awaitable<absl::StatusOr<v1::ListServicesResponse>> ListServices(
      ServerContext&, const v1::ListServicesRequest&) override {
    v1::ListServicesResponse response;
    for (const std::string& name : served_.services) response.add_services(name);
    co_return response;
  }

 private:
  const Served& served_;
};

class DescriptorsService::Reflection final
    : public grpc::reflection::v1::ServerReflection::Service {
 public:
  explicit Reflection(const Served& served) : served_(served) {}

  Awaitable<absl::Status> ServerReflectionInfo(
      ServerContext&, Reader<grpc::reflection::v1::ServerReflectionRequest>& in,
      Writer<grpc::reflection::v1::ServerReflectionResponse>& out) override {
    ReflectionAnswers answers(served_.services);
    while (true) {
      RUNNEL_CO_ASSIGN_OR_RETURN(
          std::optional<grpc::reflection::v1::ServerReflectionRequest> request, co_await in.Read());
      if (!request) co_return absl::OkStatus();
      const grpc::reflection::v1::ServerReflectionResponse response = answers.Answer(*request);
      RUNNEL_CO_RETURN_IF_ERROR(co_await out.Write(response));
    }
  }

 private:
  const Served& served_;
};

DescriptorsService::DescriptorsService()
    : served_(std::make_unique<Served>()),
      download_(std::make_unique<Download>(*served_)),
      reflection_(std::make_unique<Reflection>(*served_)) {}

DescriptorsService::~DescriptorsService() = default;

std::vector<ServerMethod> DescriptorsService::runnel_methods() {
  std::vector<ServerMethod> methods = download_->runnel_methods();
  for (ServerMethod& method : reflection_->runnel_methods()) methods.push_back(std::move(method));
  return methods;
}

void DescriptorsService::runnel_start(const std::vector<std::string>& services) {
  served_->services = services;
  served_->files = FilesOf(services);
}

}  // namespace runnel
