// Our client against a server of InteropService that is not ours: clients/connect_server.mjs.
//
// Usage: client URL [words of a case's name]
//
// Prints the name and the result of each case, and "client: N passed, N failed".

#include <cstdio>
#include <string>
#include <utility>

#include "tests/interop/client_cases.h"

namespace interop {
namespace {

class Runner {
 public:
  Runner(std::string url, std::string only) : url_(std::move(url)), only_(std::move(only)) {}

  void Run(const std::string& variant, const runnel::ChannelOptions& options,
           const std::vector<ClientCase>& cases) {
    Caller caller{
        io_, url_, options,
        v1::InteropService::Stub(runnel::Channel::Connect(io_.executor(), url_, options))};
    for (const ClientCase& one : cases) {
      const std::string name = variant + ": " + one.name;
      if (name.find(only_) == name.npos) continue;
      Findings findings;
      one.run(caller, findings);
      const bool good = findings.lines().empty();
      ++(good ? passed_ : failed_);
      std::printf("%s  client: %s\n", good ? "ok  " : "FAIL", name.c_str());
      for (const std::string& line : findings.lines()) std::printf("    %s\n", line.c_str());
      std::fflush(stdout);
    }
  }

  // Whether some ran, and all were well.
  bool Report() const {
    std::printf("client: %d passed, %d failed\n", passed_, failed_);
    return passed_ > 0 && failed_ == 0;
  }

 private:
  const std::string url_;
  const std::string only_;
  runnel::IoThread io_;
  int passed_ = 0;
  int failed_ = 0;
};

int Main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: client URL [words of a case's name]\n");
    return 2;
  }
  Runner runner(argv[1], argc > 2 ? argv[2] : "");
  for (const runnel::Codec codec : {runnel::Codec::kJson, runnel::Codec::kProto}) {
    const std::string name = codec == runnel::Codec::kJson ? "json" : "proto";
    runnel::ChannelOptions options;
    options.protocol = runnel::Protocol::kConnect;
    options.codec = codec;
    runner.Run(name, options, UnaryCases());
    runner.Run(name, options, StreamCases());

    runnel::ChannelOptions compressing = options;
    compressing.compression = runnel::Compression::kGzip;
    compressing.compress_min_bytes = 0;
    runner.Run(name + ", gzip", compressing, UnaryCases());
    runner.Run(name + ", gzip", compressing, StreamCases());

    options.use_get = true;
    compressing.use_get = true;
    runner.Run(name + ", GET", options, GetCases());
    runner.Run(name + ", GET, gzip", compressing, GetCases());
  }
  return runner.Report() ? 0 : 1;
}

}  // namespace
}  // namespace interop

int main(int argc, char** argv) { return interop::Main(argc, argv); }
