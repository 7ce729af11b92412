// What the responses mean that an EventSource gets.

#ifndef RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_RESPONSE_H_
#define RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_RESPONSE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/async/awaitable.h"
#include "runtime/http/http_message.h"

namespace runnel {

// 301, 302, 303, 307, 308.
bool IsRedirect(int http_status);

// Of a response of status 200: whether its body is compressed. UNKNOWN says why it is no event
// stream, or not one that can be read.
absl::StatusOr<bool> TakeStreamHeaders(const HttpHeaders& headers);

// How long a response asks to wait, in seconds; zero where it does not, or names a date.
absl::Duration RetryAfter(const HttpHeaders& headers);

// What a refusal says to people: the beginning of its body, where that is text.
Awaitable<absl::StatusOr<std::string>> RefusalText(HttpResponse response);
absl::Status RefusalStatus(int http_status, std::string_view url, std::string_view text);

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CLIENT_EVENT_SOURCE_RESPONSE_H_
