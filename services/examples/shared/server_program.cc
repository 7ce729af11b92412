#include "services/examples/shared/server_program.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "runnel/descriptors_service.h"
#include "runnel/health_service.h"
#include "services/examples/shared/flags.h"
#include "services/examples/shared/operations_flags.h"
#include "services/examples/shared/server_flags.h"

namespace examples {

ServerProgram::ServerProgram(int argc, char** argv, std::string name, const std::string& purpose)
    : name_(std::move(name)) {
  ParseFlags(argc, argv, purpose, "RUNNEL_");
  absl::StatusOr<runnel::ServerOptions> options = ServerOptionsOfFlags();
  if (!options.ok()) std::exit(Fail(options.status()));
  options_ = *std::move(options);
}

int ServerProgram::Serve(const std::vector<runnel::Service*>& services,
                         const std::function<void(const runnel::Server&)>& started) {
  runnel::DescriptorsService descriptors;
  runnel::HealthService health;
  ConsoleOfFlags console;
  OperationsOfFlags operations;
  if (absl::Status status = operations.AddTo(options_); !status.ok()) return Fail(status);
  runnel::Server server(options_);
  absl::Status status = console.AddTo(server);
  if (status.ok()) status = operations.AddTo(server);
  std::vector<runnel::Service*> all = {&descriptors, &health};
  all.insert(all.end(), services.begin(), services.end());
  for (runnel::Service* service : all) {
    if (status.ok()) status = server.AddService(*service);
  }
  if (status.ok()) status = server.Start();
  if (!status.ok()) return Fail(status);
  if (started) started(server);
  runnel::ServeUntilSignalled(server, DrainGraceOfFlags(), [&] {
    std::printf("%s serves at %s\n", name_.c_str(), server.url().c_str());
    std::fflush(stdout);
  });
  return 0;
}

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "error: %s\n", status.ToString().c_str());
  return 1;
}

}  // namespace examples
