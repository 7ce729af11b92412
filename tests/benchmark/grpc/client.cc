// gRPC's client of the benchmarks: carries out one plan and prints its figures, as runnel_client
// does. What arrives is checked; a wrong or missing message is an error, and no figure.

#include "tests/benchmark/grpc/client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/benchmark/grpc/crowd.h"

namespace runnel::benchmark {

WatchRequest MakeWatchRequest(const Plan& plan) {
  WatchRequest request;
  request.set_payload_bytes(plan.payload_bytes);
  request.set_messages(plan.messages);
  request.set_duration_ms(absl::ToInt64Milliseconds(plan.warm_up + plan.duration));
  return request;
}

absl::Status CheckSent(const grpc::ClientContext& context, int64_t received) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find("sent");
  const std::string sent =
      found == trailers.end() ? "" : std::string(found->second.data(), found->second.size());
  if (sent == std::to_string(received)) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("received ", received, " messages; the server says it sent \"", sent, "\""));
}

namespace {

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::shared_ptr<grpc::ChannelCredentials> Credentials(const Plan& plan) {
  if (plan.ca_file.empty()) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = Contents(plan.ca_file);
  return grpc::SslCredentials(options);
}

std::shared_ptr<grpc::Channel> ConnectTo(const Plan& plan) {
  grpc::ChannelArguments arguments;
  // A connection of its own, not that of another channel to the same server.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // What retries cost is not asked for.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  const std::string address = plan.server.substr(plan.server.find("://") + 3);
  return grpc::CreateCustomChannel(address, Credentials(plan), arguments);
}

absl::StatusOr<std::string> Measure(const Plan& plan) {
  if (plan.workload == Plan::Workload::kCrowd) {
    return MeasureCrowd(plan, [&] { return ConnectTo(plan); });
  }
  Ticks::Stub stub(ConnectTo(plan));
  return plan.api == "cq" ? MeasureByQueue(plan, stub) : MeasureByCallbacks(plan, stub);
}

int Main(int argc, char** argv) {
  absl::StatusOr<Plan> plan = ParsePlan(argc, argv);
  if (!plan.ok()) {
    std::cerr << plan.status().message() << "\n";
    return 2;
  }
  if (plan->server.find("://") == std::string::npos) {
    std::cerr << "bad argument --server=" << plan->server << "; it is no URL\n";
    return 2;
  }
  absl::StatusOr<std::string> figures = Measure(*plan);
  if (!figures.ok()) {
    std::cerr << figures.status() << "\n";
    std::_Exit(1);
  }
  std::cout << *figures << std::endl;
  // Without closing a crowd's streams one after the other.
  std::_Exit(0);
}

}  // namespace
}  // namespace runnel::benchmark

int main(int argc, char** argv) { return runnel::benchmark::Main(argc, argv); }
