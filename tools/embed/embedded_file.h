// A file that a program carries along: what embed.bzl makes.

#ifndef RUNNEL_TOOLS_EMBED_EMBEDDED_FILE_H_
#define RUNNEL_TOOLS_EMBED_EMBEDDED_FILE_H_

#include <string_view>

namespace runnel {

// Lives as long as the program.
struct EmbeddedFile {
  std::string_view name;  // without folders
  std::string_view hash;  // other contents, another hash
  std::string_view bytes;
  std::string_view gzip;  // the same, compressed
};

}  // namespace runnel

#endif  // RUNNEL_TOOLS_EMBED_EMBEDDED_FILE_H_
