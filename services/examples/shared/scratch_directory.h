// ScratchDirectory is a directory of a program's own, which nobody else may look into and which
// goes away with it.

#ifndef SERVICES_EXAMPLES_SHARED_SCRATCH_DIRECTORY_H_
#define SERVICES_EXAMPLES_SHARED_SCRATCH_DIRECTORY_H_

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace examples {

class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "runnel-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      std::perror(name.c_str());
      std::abort();
    }
    path_ = name;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::string& path() const { return path_; }

  // `name` is relative to the directory; directories on the way are made.
  void Write(const std::string& name, std::string_view text) const {
    Put(name, text, std::ios::trunc);
  }
  void Append(const std::string& name, std::string_view text) const {
    Put(name, text, std::ios::app);
  }

 private:
  void Put(const std::string& name, std::string_view text, std::ios::openmode mode) const {
    const std::filesystem::path file = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary | mode) << text;
  }

  std::string path_;
};

}  // namespace examples

#endif  // SERVICES_EXAMPLES_SHARED_SCRATCH_DIRECTORY_H_
