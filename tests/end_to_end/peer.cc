// One end of a call as a process of its own, so that a test can kill it.
//
//   peer server RESUME_WINDOW_MS     prints the URL, then "waiting" when a handler waits
//   peer client URL ROUTE KIND       makes a call that waits until it is cancelled

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/end_to_end/calls.h"

namespace end_to_end {
namespace {

int Serve(int resume_ms) {
  ScriptedService service;
  runnel::ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.times.resume_window = absl::Milliseconds(resume_ms);
  runnel::Server server(options);
  if (!server.AddService(service).ok() || !server.Start().ok()) return 1;
  std::printf("%s\n", server.url().c_str());
  std::fflush(stdout);
  if (service.journal().Await("waiting")) std::printf("waiting\n");
  std::fflush(stdout);
  pause();
  return 0;
}

int MakeCall(const char* url, const std::string& route, int kind) {
  runnel::IoThread io;
  Scripted::Stub stub(runnel::Channel::Connect(io.executor(), url));
  Request request;
  request.mutable_script()->set_wait_for_cancel(true);
  runnel::CallOptions options;
  options.route = route == "direct" ? Route::kDirect : Route::kSession;
  PendingCall call(io.executor(), stub, static_cast<CallKind>(kind), request, options);
  const absl::Status status = call.Await().status;
  std::printf("%s\n", status.ToString().c_str());
  return 1;  // it was to be killed
}

}  // namespace
}  // namespace end_to_end

int main(int argc, char** argv) {
  const std::string role = argc > 1 ? argv[1] : "";
  if (role == "server" && argc == 3) return end_to_end::Serve(std::atoi(argv[2]));
  if (role == "client" && argc == 5) {
    return end_to_end::MakeCall(argv[2], argv[3], std::atoi(argv[4]));
  }
  std::fputs("usage: peer server RESUME_WINDOW_MS | peer client URL ROUTE KIND\n", stderr);
  return 2;
}
