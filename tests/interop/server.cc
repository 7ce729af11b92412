// Serves InteropService (interop.proto) until it is signalled: see kUsage.

#include "runnel/server.h"

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/interop/interop_service.h"

namespace interop {
namespace {

constexpr char kUsage[] =
    R"(usage: server [options]

Serves runnel.interop.v1.InteropService, which answers what it is asked to answer, for clients of
every kind; tests/interop/README.md shows how. Prints "listening at URL" when it is there. Ends when
it is interrupted or terminated.

  --host HOST            where it listens (127.0.0.1)
  --port PORT            the port; 0 takes a free one (8080)
  --allow-origin ORIGIN  lets the pages of another origin call, such as http://localhost:3000; may be
                         given more than once
)";

// What the command line says.
struct Arguments {
  std::string host = "127.0.0.1";
  uint32_t port = 8080;
  std::vector<std::string> allowed_origins;
  bool help = false;
};

absl::Status Fill(Arguments& arguments, const std::string& name, const std::string& value) {
  if (name == "--host") {
    if (value.empty()) return absl::InvalidArgumentError("--host wants an address");
    arguments.host = value;
    return absl::OkStatus();
  }
  if (name == "--port") {
    if (absl::SimpleAtoi(value, &arguments.port) && arguments.port <= 65535) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        absl::StrCat("--port wants a number from 0 to 65535, not \"", value, "\""));
  }
  if (name == "--allow-origin") {
    if (value.empty()) return absl::InvalidArgumentError("--allow-origin wants an origin");
    arguments.allowed_origins.push_back(value);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("there is no option \"", name, "\""));
}

absl::StatusOr<Arguments> ParseArguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    if (name == "--help") {
      arguments.help = true;
      return arguments;
    }
    std::string value;
    if (const size_t equals = name.find('='); equals != name.npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    } else if (i + 1 < argc) {
      value = argv[++i];
    }
    RUNNEL_RETURN_IF_ERROR(Fill(arguments, name, value));
  }
  return arguments;
}

absl::Status Serve(const Arguments& arguments) {
  InteropService service;
  runnel::ServerOptions options;
  options.listen = absl::StrCat(arguments.host, ":", arguments.port);
  options.allow_plaintext = true;  // it is for tests, and has nothing to hide
  options.origins.allowed_origins = arguments.allowed_origins;
  runnel::Server server(options);
  RUNNEL_RETURN_IF_ERROR(server.AddService(service));
  RUNNEL_RETURN_IF_ERROR(server.Start());
  std::printf("listening at %s\n", server.url().c_str());
  std::fflush(stdout);
  runnel::ServeUntilSignalled(server);
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  const absl::StatusOr<Arguments> arguments = ParseArguments(argc, argv);
  if (!arguments.ok()) {
    std::fprintf(stderr, "error: %s; --help shows the options\n",
                 std::string(arguments.status().message()).c_str());
    return 2;
  }
  if (arguments->help) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  const absl::Status served = Serve(*arguments);
  if (served.ok()) return 0;
  std::fprintf(stderr, "error: %s\n", served.ToString().c_str());
  // A host or an origin that cannot be one is a bad value too.
  return absl::IsInvalidArgument(served) ? 2 : 1;
}

}  // namespace
}  // namespace interop

int main(int argc, char** argv) { return interop::Main(argc, argv); }
