// The client that Connect's conformance runner tests: it makes the calls that the runner asks for
// on its standard input, several at a time, and tells on its standard output what became of each.

#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "tests/conformance/connect/certificate_files.h"
#include "tests/conformance/connect/conformance_call.h"
#include "tests/conformance/connect/delimited.h"

namespace conformance {
namespace {

// The runner's cases have timeouts of some 100 ms, which a crowd of calls would not meet.
constexpr int kCallsAtOnce = 16;

// The runner, as several threads talk to it.
class Runner {
 public:
  std::optional<v1::ClientCompatRequest> Next() {
    std::lock_guard lock(input_);
    v1::ClientCompatRequest request;
    if (!ReadDelimited(request)) return std::nullopt;
    return request;
  }

  void Answer(const v1::ClientCompatResponse& response) {
    std::lock_guard lock(output_);
    failed_ = !WriteDelimited(response) || failed_;
  }

  bool failed() const { return failed_; }

 private:
  std::mutex input_;
  std::mutex output_;
  bool failed_ = false;
};

int Run() {
  CertificateFiles files;
  runnel::IoThread io;
  Runner runner;
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallsAtOnce; ++i) {
    callers.emplace_back([&] {
      while (std::optional<v1::ClientCompatRequest> request = runner.Next()) {
        runner.Answer(io.BlockOn(MakeCall(io.executor(), *std::move(request), files)));
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  return runner.failed() ? 1 : 0;
}

}  // namespace
}  // namespace conformance

int main() { return conformance::Run(); }
