#include "tests/conformance/connect/delimited.h"

#include <cstdint>
#include <cstdio>
#include <string>

namespace conformance {
namespace {

bool ReadBytes(size_t size, std::string& bytes) {
  bytes.resize(size);
  return std::fread(bytes.data(), 1, size, stdin) == size;
}

}  // namespace

bool ReadDelimited(google::protobuf::MessageLite& message) {
  std::string bytes;
  if (!ReadBytes(4, bytes)) return false;
  uint32_t size = 0;
  for (const char c : bytes) size = size << 8 | static_cast<uint8_t>(c);
  return ReadBytes(size, bytes) && message.ParseFromString(bytes);
}

bool WriteDelimited(const google::protobuf::MessageLite& message) {
  const std::string bytes = message.SerializeAsString();
  const auto size = static_cast<uint32_t>(bytes.size());
  for (int shift = 24; shift >= 0; shift -= 8) std::putchar(static_cast<int>(size >> shift & 0xff));
  std::fwrite(bytes.data(), 1, bytes.size(), stdout);
  return std::fflush(stdout) == 0;
}

}  // namespace conformance
