#include "runtime/cluster/node_pass.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/core/string_view.h"

namespace runnel {
namespace {

constexpr std::string_view kTo = "runnel-node-to";
constexpr std::string_view kFrom = "runnel-node-from";
constexpr std::string_view kPrincipal = "runnel-node-principal";  // in hexadecimal: any bytes
constexpr std::string_view kPeer = "runnel-node-peer";            // ditto
constexpr std::string_view kTime = "runnel-node-time";
constexpr std::string_view kMac = "runnel-node-mac";

std::string_view FieldOf(const HttpRequest& request, std::string_view name) {
  return request.headers.Get(name).value_or("");
}

// Each part with its length, so that none can pass for another's beginning.
std::string MacOf(const HttpRequest& request, std::string_view secret) {
  std::string text = "runnel-node-pass-1";
  for (std::string_view part :
       {std::string_view(request.method), std::string_view(request.target),
        FieldOf(request, "content-type"), FieldOf(request, "runnel-session"),
        FieldOf(request, "last-event-id"), FieldOf(request, kTo), FieldOf(request, kFrom),
        FieldOf(request, kPrincipal), FieldOf(request, kPeer), FieldOf(request, kTime)}) {
    absl::StrAppend(&text, "\n", part.size(), ":", AbslView(part));
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac;
  unsigned int size = 0;
  const unsigned char* made =
      HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
  if (made == nullptr) std::abort();  // without it nobody could be told from anybody
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(mac.data()), size));
}

bool IsHex(std::string_view text) {
  return text.size() % 2 == 0 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

}  // namespace

void AttachNodePass(const NodePass& pass, std::string_view secret, absl::Time now,
                    HttpRequest& request) {
  request.headers.Set(kTo, pass.to);
  request.headers.Set(kFrom, pass.from);
  request.headers.Set(kPrincipal, absl::BytesToHexString(pass.principal));
  request.headers.Set(kPeer, absl::BytesToHexString(pass.peer));
  request.headers.Set(kTime, std::to_string(absl::ToUnixMillis(now)));
  request.headers.Set(kMac, MacOf(request, secret));
}

absl::StatusOr<NodePass> CheckNodePass(const HttpRequest& request, std::string_view secret,
                                       absl::Time now) {
  const std::string expected = MacOf(request, secret);
  const std::string_view mac = FieldOf(request, kMac);
  if (mac.size() != expected.size() ||
      CRYPTO_memcmp(mac.data(), expected.data(), expected.size()) != 0) {
    return absl::UnauthenticatedError("the request is not from a node that knows the secret");
  }
  int64_t sent_ms = 0;
  if (!absl::SimpleAtoi(AbslView(FieldOf(request, kTime)), &sent_ms) ||
      absl::AbsDuration(now - absl::FromUnixMillis(sent_ms)) > kMaxNodeClockSkew) {
    return absl::UnauthenticatedError(absl::StrCat("the other node's clock is more than ",
                                                   absl::FormatDuration(kMaxNodeClockSkew),
                                                   " from ours"));
  }
  const std::string_view principal = FieldOf(request, kPrincipal);
  const std::string_view peer = FieldOf(request, kPeer);
  if (!IsHex(principal) || !IsHex(peer)) {
    return absl::UnauthenticatedError("the pass of the other node is malformed");
  }
  NodePass pass;
  pass.to = FieldOf(request, kTo);
  pass.from = FieldOf(request, kFrom);
  pass.principal = absl::HexStringToBytes(AbslView(principal));
  pass.peer = absl::HexStringToBytes(AbslView(peer));
  return pass;
}

}  // namespace runnel
