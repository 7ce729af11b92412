// TestAuthority issues TLS certificates, so that tests need none that somebody has to renew.

#ifndef RUNNEL_RUNTIME_TESTING_TEST_AUTHORITY_H_
#define RUNNEL_RUNTIME_TESTING_TEST_AUTHORITY_H_

#include <memory>
#include <string>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY
struct x509_st;      // and X509

namespace runnel {

// Writes PEM files into a folder of its own, which goes with it. Ends the program when that fails.
class TestAuthority {
 public:
  struct Files {
    std::string certificate;
    std::string key;
  };

  explicit TestAuthority(const std::string& common_name = "Test Authority");
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  // The authority's own certificate: for whoever is to trust it.
  std::string ca_file() const { return folder_ + "/ca.pem"; }

  // Issues a certificate. `names` are alternative names as OpenSSL writes them:
  // "DNS:localhost,IP:127.0.0.1,URI:spiffe://example/alice".
  Files Issue(const std::string& common_name, const std::string& names);

  const std::string& folder() const { return folder_; }

 private:
  using Key = std::unique_ptr<evp_pkey_st, void (*)(evp_pkey_st*)>;
  using Certificate = std::unique_ptr<x509_st, void (*)(x509_st*)>;

  // Signed by the authority, or, for the first one, by itself.
  Certificate Make(const std::string& common_name, const std::string& names, evp_pkey_st* key);

  std::string folder_;
  Key key_;
  Certificate certificate_;
  long issued_ = 0;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_TESTING_TEST_AUTHORITY_H_
