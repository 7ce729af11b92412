// The server that Connect's conformance runner tests: it is started with a ServerCompatRequest on
// its standard input and says on its standard output where it serves. Each is preceded by its
// length in four bytes, the highest first.

#include "runnel/server.h"

#include <cstdint>
#include <cstdio>
#include <string>

#include "connectrpc/conformance/v1/server_compat.pb.h"
#include "tests/conformance/connect/conformance_service.h"

namespace {

namespace v1 = connectrpc::conformance::v1;

bool ReadBytes(size_t size, std::string& bytes) {
  bytes.resize(size);
  return std::fread(bytes.data(), 1, size, stdin) == size;
}

bool ReadRequest(v1::ServerCompatRequest& request) {
  std::string bytes;
  if (!ReadBytes(4, bytes)) return false;
  uint32_t size = 0;
  for (const char c : bytes) size = size << 8 | static_cast<uint8_t>(c);
  return ReadBytes(size, bytes) && request.ParseFromString(bytes);
}

bool WriteResponse(const v1::ServerCompatResponse& response) {
  const std::string bytes = response.SerializeAsString();
  const auto size = static_cast<uint32_t>(bytes.size());
  for (int shift = 24; shift >= 0; shift -= 8) std::putchar(static_cast<int>(size >> shift & 0xff));
  std::fwrite(bytes.data(), 1, bytes.size(), stdout);
  return std::fflush(stdout) == 0;
}

}  // namespace

int main() {
  v1::ServerCompatRequest request;
  if (!ReadRequest(request)) {
    std::fprintf(stderr, "there is no ServerCompatRequest on the standard input\n");
    return 2;
  }
  if (request.use_tls()) {
    std::fprintf(stderr, "this server has no TLS\n");
    return 2;
  }
  runnel::ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.threads = 2;
  if (request.message_receive_limit() > 0) {
    options.limits.max_message_bytes = request.message_receive_limit();
  }
  conformance::ConformanceService service;
  runnel::Server server(options);
  absl::Status started = server.AddService(service);
  if (started.ok()) started = server.Start();
  if (!started.ok()) {
    std::fprintf(stderr, "%s\n", started.ToString().c_str());
    return 1;
  }
  v1::ServerCompatResponse response;
  response.set_host("127.0.0.1");
  response.set_port(static_cast<uint32_t>(server.port()));
  if (!WriteResponse(response)) return 1;
  runnel::ServeUntilSignalled(server);
  return 0;
}
