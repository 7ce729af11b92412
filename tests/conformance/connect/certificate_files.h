// CertificateFiles holds the certificates and keys that the conformance runner sends as bytes, for
// options that want files: in a folder that only this user may enter, and that goes with the
// object.

#ifndef RUNNEL_TESTS_CONFORMANCE_CONNECT_CERTIFICATE_FILES_H_
#define RUNNEL_TESTS_CONFORMANCE_CONNECT_CERTIFICATE_FILES_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"

namespace conformance {

// Not thread-safe.
class CertificateFiles {
 public:
  CertificateFiles() = default;
  CertificateFiles(const CertificateFiles&) = delete;
  CertificateFiles& operator=(const CertificateFiles&) = delete;
  // Removes the files.
  ~CertificateFiles();

  // The path of a file with these bytes: the same one for the same bytes. None for none.
  absl::StatusOr<std::string> FileWith(const std::string& pem);

 private:
  std::string folder_;  // empty before the first file
  std::map<std::string, std::string> path_by_pem_;
};

}  // namespace conformance

#endif  // RUNNEL_TESTS_CONFORMANCE_CONNECT_CERTIFICATE_FILES_H_
