#include "runtime/testing/test_authority.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace runnel {
namespace {

constexpr long kSecondsValid = 24 * 60 * 60;

void Check(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "TestAuthority: %s failed\n", what);
  std::abort();
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  Check(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, value.c_str());
  X509_EXTENSION_free(extension);
}

template <typename Write>
void WriteFile(const std::string& path, Write write) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  Check(file != nullptr && write(file) == 1 && std::fclose(file) == 0, path.c_str());
}

std::string NewFolder() {
  std::string path = (std::filesystem::temp_directory_path() / "runnel-tls-XXXXXX").string();
  Check(mkdtemp(path.data()) != nullptr, "mkdtemp");
  return path;
}

}  // namespace

TestAuthority::TestAuthority(const std::string& common_name)
    : folder_(NewFolder()),
      key_(EVP_EC_gen("P-256"), EVP_PKEY_free),
      certificate_(nullptr, X509_free) {
  certificate_ = Make(common_name, "", key_.get());
  WriteFile(ca_file(), [&](std::FILE* f) { return PEM_write_X509(f, certificate_.get()); });
}

TestAuthority::~TestAuthority() { std::filesystem::remove_all(folder_); }

TestAuthority::Files TestAuthority::Issue(const std::string& common_name,
                                          const std::string& names) {
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Certificate certificate = Make(common_name, names, key.get());
  const std::string stem = folder_ + "/" + std::to_string(issued_);
  Files files{stem + ".pem", stem + ".key"};
  WriteFile(files.certificate, [&](std::FILE* f) { return PEM_write_X509(f, certificate.get()); });
  WriteFile(files.key, [&](std::FILE* f) {
    return PEM_write_PrivateKey(f, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  return files;
}

TestAuthority::Certificate TestAuthority::Make(const std::string& common_name,
                                               const std::string& names, EVP_PKEY* key) {
  Certificate made(X509_new(), X509_free);
  X509* const issuer = certificate_ != nullptr ? certificate_.get() : made.get();
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++issued_);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -kSecondsValid);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), kSecondsValid);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(made.get(), X509_get_subject_name(issuer));
  X509_set_pubkey(made.get(), key);
  AddExtension(made.get(), issuer, NID_basic_constraints,
               issuer == made.get() ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (!names.empty()) AddExtension(made.get(), issuer, NID_subject_alt_name, names);
  Check(X509_sign(made.get(), key_.get(), EVP_sha256()) > 0, "X509_sign");
  return made;
}

}  // namespace runnel
