// The method table of OpenSSL 1.1: deprecated since 3.0, and still the way to replace the source
// for code that calls RAND_bytes.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "tests/fault/repeatable_random.h"

#include <openssl/rand.h>

#include <cstdlib>

namespace fault {
namespace {

thread_local Dice* current = nullptr;

int Bytes(unsigned char* out, int count) {
  if (current == nullptr) return RAND_OpenSSL()->bytes(out, count);
  for (int i = 0; i < count; ++i) out[i] = static_cast<unsigned char>(current->Next());
  return 1;
}

int Status() { return 1; }

const RAND_METHOD kMethod = {nullptr, Bytes, nullptr, nullptr, Bytes, Status};

}  // namespace

RepeatableRandom::RepeatableRandom(uint64_t seed) : dice_(seed) {
  static const int installed = RAND_set_rand_method(&kMethod);
  if (installed != 1 || current != nullptr) std::abort();
  current = &dice_;
}

RepeatableRandom::~RepeatableRandom() { current = nullptr; }

}  // namespace fault
