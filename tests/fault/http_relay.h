// HttpRelay passes requests on to another server, and does to them what a FaultProxy is told that
// knows HTTP.

#ifndef RUNNEL_TESTS_FAULT_HTTP_RELAY_H_
#define RUNNEL_TESTS_FAULT_HTTP_RELAY_H_

#include "runtime/http/http_message.h"
#include "tests/fault/dice.h"
#include "tests/fault/fault_proxy.h"

namespace fault {

// Lives on one loop. What it refers to outlives it.
class HttpRelay final : public runnel::HttpHandler {
 public:
  HttpRelay(runnel::Executor executor, runnel::HttpClient& upstream,
            const FaultProxyOptions& options, Dice& dice, FaultCounts& counts)
      : executor_(std::move(executor)),
        upstream_(upstream),
        options_(options),
        dice_(dice),
        counts_(counts) {}

  runnel::Awaitable<runnel::HttpResponse> Handle(runnel::HttpRequest request) override;

 private:
  runnel::HttpResponse Refuse(int status, const char* title);

  const runnel::Executor executor_;
  runnel::HttpClient& upstream_;
  const FaultProxyOptions& options_;
  Dice& dice_;
  FaultCounts& counts_;
};

}  // namespace fault

#endif  // RUNNEL_TESTS_FAULT_HTTP_RELAY_H_
