// PeerCertificate is what a verified TLS certificate says about whom it was given to.

#ifndef RUNNEL_RUNTIME_HTTP_PEER_CERTIFICATE_H_
#define RUNNEL_RUNTIME_HTTP_PEER_CERTIFICATE_H_

#include <string>
#include <vector>

namespace runnel {

// A value.
struct PeerCertificate {
  std::string subject;  // "CN=alice,O=Example", as RFC 2253 has it
  std::string common_name;
  std::vector<std::string> uris;  // subject alternative names, such as "spiffe://example/alice"
  std::vector<std::string> dns_names;
  std::string sha256;  // of the whole certificate, in hex

  // The first there is of: a URI, a DNS name, the common name, the subject.
  const std::string& name() const;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_PEER_CERTIFICATE_H_
