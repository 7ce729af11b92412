// The secret of a session: who knows it may use the session.

#ifndef RUNNEL_RUNTIME_SESSION_SESSION_SECRET_H_
#define RUNNEL_RUNTIME_SESSION_SESSION_SECRET_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace runnel {

// Random bits from the system, as hexadecimal digits. Ends the program where there are none.
std::string RandomHex(size_t bytes);

// To seed a generator of what is no secret, from where secrets come.
uint32_t RandomSeed();

// 256 random bits: 64 lower-case hexadecimal digits.
std::string NewSessionSecret();
bool IsSessionSecret(std::string_view text);

// What a server keeps of a secret: SHA-256.
using SecretHash = std::array<unsigned char, 32>;
SecretHash HashOfSecret(std::string_view secret);
// In a time that says nothing about the hashes.
bool SameHash(const SecretHash& a, const SecretHash& b);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SESSION_SESSION_SECRET_H_
