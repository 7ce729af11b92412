#include "runtime/http/peer_certificate.h"

namespace runnel {

const std::string& PeerCertificate::name() const {
  if (!uris.empty()) return uris.front();
  if (!dns_names.empty()) return dns_names.front();
  return common_name.empty() ? subject : common_name;
}

}  // namespace runnel
