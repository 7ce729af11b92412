// gRPC's server of the benchmarks; the same command line and manners as runnel_server's.

#include <grpcpp/server_builder.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/benchmark/grpc/callback_service.h"
#include "tests/benchmark/grpc/queue_service.h"
#include "tests/benchmark/plan.h"

namespace runnel::benchmark {
namespace {

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::shared_ptr<grpc::ServerCredentials> Credentials(const ServerPlan& plan) {
  if (plan.certificate_file.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({Contents(plan.key_file), Contents(plan.certificate_file)});
  return grpc::SslServerCredentials(options);
}

int Main(int argc, char** argv) {
  absl::StatusOr<ServerPlan> plan = ParseServerPlan(argc, argv);
  if (!plan.ok()) {
    std::cerr << plan.status().message() << "\n";
    return 2;
  }
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", Credentials(*plan), &port);
  CallbackService callbacks(plan->gather);
  Ticks::AsyncService calls;
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues;
  if (plan->api == "callback") {
    builder.RegisterService(&callbacks);
  } else {
    builder.RegisterService(&calls);
    for (int i = 0; i < plan->threads; ++i) queues.push_back(builder.AddCompletionQueue());
  }
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    std::cerr << "cannot serve\n";
    return 1;
  }
  std::vector<std::unique_ptr<QueueService>> services;
  for (const auto& queue : queues) {
    services.push_back(std::make_unique<QueueService>(calls, *queue, plan->gather));
    services.back()->Start();
    std::thread([&queue] { RunUntil(*queue, [] { return false; }); }).detach();
  }
  std::cout << (plan->certificate_file.empty() ? "http" : "https") << "://127.0.0.1:" << port
            << std::endl;
  while (std::getchar() != EOF) {
  }
  // Without closing a crowd's streams one after the other.
  std::_Exit(0);
}

}  // namespace
}  // namespace runnel::benchmark

int main(int argc, char** argv) { return runnel::benchmark::Main(argc, argv); }
