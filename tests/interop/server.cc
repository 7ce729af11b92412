// Serves InteropService (interop.proto) until it is signalled: see kUsage.

#include "runnel/server.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
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
  --allow-host NAME      answers under this name too, such as app.example.com, which a proxy passes on;
                         may be given more than once
  --trusted-proxy ADDRESS
                         the address, or the network, of a proxy whose X-Forwarded-For says who calls;
                         may be given more than once
  --tls-cert FILE        speaks TLS, and nothing else: the server's certificate, then those between it
                         and its authority (PEM)
  --tls-key FILE         the certificate's key, not encrypted (PEM)
  --client-ca FILE       lets in only clients with a certificate of these authorities (PEM); the name in
                         it says who calls

The files are read anew when they change.
)";

// What the command line says.
struct Arguments {
  std::string host = "127.0.0.1";
  uint32_t port = 8080;
  runnel::OriginPolicy origins;
  std::vector<std::string> trusted_proxies;
  runnel::TlsServerOptions tls;  // without files: no TLS
  bool help = false;
};

// `bazel run` starts programs in a folder of its own; names of files are those of where it was
// called.
std::string PathOf(const std::string& file) {
  const char* const from = std::getenv("BUILD_WORKING_DIRECTORY");
  return from == nullptr || file.starts_with('/') ? file : absl::StrCat(from, "/", file);
}

absl::Status FillFile(std::string& file, const std::string& name, const std::string& value) {
  if (value.empty()) return absl::InvalidArgumentError(absl::StrCat(name, " wants a file"));
  file = PathOf(value);
  return absl::OkStatus();
}

absl::Status FillList(std::vector<std::string>& list, const std::string& name,
                      const std::string& value, const char* what) {
  if (value.empty()) return absl::InvalidArgumentError(absl::StrCat(name, " wants ", what));
  list.push_back(value);
  return absl::OkStatus();
}

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
    return FillList(arguments.origins.allowed_origins, name, value, "an origin");
  }
  if (name == "--allow-host") {
    return FillList(arguments.origins.allowed_hosts, name, value, "a name");
  }
  if (name == "--trusted-proxy") {
    return FillList(arguments.trusted_proxies, name, value, "an address");
  }
  if (name == "--tls-cert") return FillFile(arguments.tls.certificate_file, name, value);
  if (name == "--tls-key") return FillFile(arguments.tls.key_file, name, value);
  if (name == "--client-ca") return FillFile(arguments.tls.client_ca_file, name, value);
  return absl::InvalidArgumentError(absl::StrCat("there is no option \"", name, "\""));
}

absl::Status CheckTls(const runnel::TlsServerOptions& tls) {
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key go together");
  }
  if (!tls.client_ca_file.empty() && tls.certificate_file.empty()) {
    return absl::InvalidArgumentError("--client-ca wants --tls-cert and --tls-key");
  }
  return absl::OkStatus();
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
  RUNNEL_RETURN_IF_ERROR(CheckTls(arguments.tls));
  return arguments;
}

absl::Status Serve(const Arguments& arguments) {
  InteropService service;
  runnel::ServerOptions options;
  options.listen = absl::StrCat(arguments.host, ":", arguments.port);
  options.allow_plaintext = true;  // it is for tests, and has nothing to hide
  if (!arguments.tls.certificate_file.empty()) options.tls = arguments.tls;
  options.origins = arguments.origins;
  options.trusted_proxies = arguments.trusted_proxies;
  runnel::Server server(options);
  RUNNEL_RETURN_IF_ERROR(server.AddService(service));
  RUNNEL_RETURN_IF_ERROR(server.Start());
  runnel::ServeUntilSignalled(server, absl::Seconds(10), [&] {
    std::printf("listening at %s\n", server.url().c_str());
    std::fflush(stdout);
  });
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
  // A host or an origin that cannot be one is a bad value too, and so is a file that cannot be
  // used.
  return absl::IsInvalidArgument(served) ? 2 : 1;
}

}  // namespace
}  // namespace interop

int main(int argc, char** argv) { return interop::Main(argc, argv); }
