#include "runtime/cluster/node_name.h"

#include "runtime/session/session_secret.h"

namespace runnel {
namespace {

constexpr size_t kNameBytes = 8;

}  // namespace

std::string NewNodeName() { return RandomHex(kNameBytes); }

std::string_view NodeOfSession(std::string_view runnel_session) {
  const std::string_view id = runnel_session.substr(0, runnel_session.find('.'));
  const size_t dash = id.find('-');
  if (dash != 2 * kNameBytes) return {};
  const std::string_view name = id.substr(0, dash);
  return name.find_first_not_of("0123456789abcdef") == name.npos ? name : std::string_view();
}

}  // namespace runnel
