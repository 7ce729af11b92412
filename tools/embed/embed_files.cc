// Writes files as a C++ source, for programs that carry them along: see embed.bzl.
//
// Usage: embed_files FUNCTION HEADER FILE…

#include <zlib.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

namespace {

// A string literal of any bytes, cut into lines.
void WriteLiteral(const std::string& bytes) {
  std::string line;
  for (size_t at = 0; at < bytes.size(); ++at) {
    const auto byte = static_cast<unsigned char>(bytes[at]);
    if (byte == '"' || byte == '\\') {
      line += {'\\', bytes[at]};
    } else if (byte == '?' || byte < ' ' || byte > '~') {
      char octal[5];
      std::snprintf(octal, sizeof(octal), "\\%03o", byte);
      line += octal;
    } else {
      line += bytes[at];
    }
    if (line.size() < 4000 && at + 1 < bytes.size()) continue;
    std::cout << "\n     \"" << line << "\"";
    line.clear();
  }
  if (bytes.empty()) std::cout << "\"\"";
}

// FNV-1a: tells contents apart, not more.
uint64_t HashOf(const std::string& bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

// As small as zlib makes it. Empty where that fails.
std::string Gzip(const std::string& bytes) {
  z_stream stream = {};
  constexpr int kGzipWindow = 15 + 16;
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindow, 9, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    return "";
  }
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  std::string in = bytes;  // zlib does not say that it only reads
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int ended = deflate(&stream, Z_FINISH);
  out.resize(ended == Z_STREAM_END ? stream.total_out : 0);
  deflateEnd(&stream);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: embed_files FUNCTION HEADER FILE…\n";
    return 2;
  }
  std::cout << "#include \"" << argv[2] << "\"\n\nnamespace runnel {\n\n"
            << "std::span<const EmbeddedFile> " << argv[1] << "() {\n"
            << "  static constexpr EmbeddedFile kFiles[] = {\n";
  for (int i = 3; i < argc; ++i) {
    const std::string path = argv[i];
    std::ifstream file(path, std::ios::binary);
    std::stringstream read;
    read << file.rdbuf();
    if (!file) {
      std::cerr << "embed_files: " << path << " cannot be read\n";
      return 1;
    }
    const std::string bytes = read.str();
    const std::string gzip = Gzip(bytes);
    if (gzip.empty()) {
      std::cerr << "embed_files: " << path << " cannot be compressed\n";
      return 1;
    }
    std::cout << "    {\"" << path.substr(path.rfind('/') + 1) << "\", \"" << std::hex
              << HashOf(bytes) << std::dec << "\", std::string_view(";
    WriteLiteral(bytes);
    std::cout << ", " << bytes.size() << "), std::string_view(";
    WriteLiteral(gzip);
    std::cout << ", " << gzip.size() << ")},\n";
  }
  std::cout << "  };\n  return kFiles;\n}\n\n}  // namespace runnel\n";
  return 0;
}
