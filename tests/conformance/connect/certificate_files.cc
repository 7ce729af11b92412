#include "tests/conformance/connect/certificate_files.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace conformance {

CertificateFiles::~CertificateFiles() {
  if (folder_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

absl::StatusOr<std::string> CertificateFiles::FileWith(const std::string& pem) {
  if (pem.empty()) return std::string();
  if (const auto known = path_by_pem_.find(pem); known != path_by_pem_.end()) return known->second;
  if (folder_.empty()) {
    std::string folder =
        (std::filesystem::temp_directory_path() / "runnel-conformance-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) return absl::ErrnoToStatus(errno, "mkdtemp " + folder);
    folder_ = std::move(folder);
  }
  std::string path = absl::StrCat(folder_, "/", path_by_pem_.size(), ".pem");
  std::ofstream file(path, std::ios::binary);
  file << pem;
  file.close();
  if (!file) return absl::UnavailableError("cannot write " + path);
  path_by_pem_[pem] = path;
  return path;
}

}  // namespace conformance
