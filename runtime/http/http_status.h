#ifndef RUNNEL_RUNTIME_HTTP_HTTP_STATUS_H_
#define RUNNEL_RUNTIME_HTTP_HTTP_STATUS_H_

#include <string_view>

namespace runnel {

// The reason phrase of an HTTP status, "Not Found".
std::string_view HttpReason(int status);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_HTTP_HTTP_STATUS_H_
