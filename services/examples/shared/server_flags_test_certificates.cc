// Issues TLS certificates for server_flags_test: prints the folder with ca.pem, and the files of
// the server's and of a client's certificate, and keeps them until its standard input ends.

#include <cstdio>

#include "runtime/testing/test_authority.h"

int main() {
  runnel::TestAuthority authority;
  const auto server = authority.Issue("server", "DNS:localhost,IP:127.0.0.1");
  const auto client = authority.Issue("client", "DNS:client.example");
  std::printf("%s %s %s %s %s\n", authority.ca_file().c_str(), server.certificate.c_str(),
              server.key.c_str(), client.certificate.c_str(), client.key.c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}
