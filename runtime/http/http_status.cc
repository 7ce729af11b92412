#include "runtime/http/http_status.h"

#include <boost/beast/http/status.hpp>

namespace runnel {

std::string_view HttpReason(int status) {
  const auto reason = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  return {reason.data(), reason.size()};
}

}  // namespace runnel
