// Our client against a server of InteropService that is not ours: clients/connect_server.mjs.
//
// Usage: client URL [--tls FOLDER] [words of a case's name]
//   --tls  with a server that asks for client certificates; the folder is one that
//          tests/interop/certificates has filled
//
// Prints the name and the result of each case, and "client: N passed, N failed".

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

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

// What each case begins with.
runnel::ChannelOptions BasicOptions(runnel::Codec codec, const std::string& tls) {
  runnel::ChannelOptions options;
  options.protocol = runnel::Protocol::kConnect;
  options.codec = codec;
  if (tls.empty()) return options;
  options.tls.ca_file = tls + "/ca.pem";
  options.tls.certificate_file = tls + "/client.pem";
  options.tls.key_file = tls + "/client.key";
  return options;
}

int Main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  std::string tls;
  if (arguments.size() >= 3 && arguments[1] == "--tls") {
    tls = arguments[2];
    arguments.erase(arguments.begin() + 1, arguments.begin() + 3);
  }
  if (arguments.empty() || arguments.size() > 2) {
    std::fprintf(stderr, "usage: client URL [--tls FOLDER] [words of a case's name]\n");
    return 2;
  }
  Runner runner(arguments[0], arguments.size() > 1 ? arguments[1] : "");
  if (!tls.empty()) {
    runner.Run("TLS", BasicOptions(runnel::Codec::kProto, tls), TlsCases());
  }
  for (const runnel::Codec codec : {runnel::Codec::kJson, runnel::Codec::kProto}) {
    const std::string name = codec == runnel::Codec::kJson ? "json" : "proto";
    runnel::ChannelOptions options = BasicOptions(codec, tls);
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
