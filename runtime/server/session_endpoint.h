// SessionEndpoint answers the requests of runnel.v1.Channel: Open, Attach, Send,
// Upload and Close.

#ifndef RUNNEL_RUNTIME_SERVER_SESSION_ENDPOINT_H_
#define RUNNEL_RUNTIME_SERVER_SESSION_ENDPOINT_H_

#include <memory>
#include <string_view>

#include "runtime/http/http_message.h"
#include "runtime/server/endpoint_options.h"
#include "runtime/server/server_call.h"

namespace runnel {

// One per loop. Sessions it opens have that loop as their home; those of other loops are reached by
// a hop.
class SessionEndpoint {
 public:
  static constexpr std::string_view kPathPrefix = "/runnel.v1.Channel/";

  SessionEndpoint(const EndpointOptions& options, CallGroup& calls, ByteBudget& receiving)
      : options_(options),
        calls_(calls),
        receiving_(receiving),
        budget_(std::make_shared<SessionBudget>(
            options.limits.max_buffered_bytes / static_cast<size_t>(options.loops),
            options.telemetry)) {}

  // Whether it is the path of a method that is about a session there is: of all but Open.
  static bool IsForSession(std::string_view path);

  // For a POST below kPathPrefix, from `principal`.
  Awaitable<HttpResponse> Handle(std::string_view path, Codec codec, std::string principal,
                                 HttpRequest request);

 private:
  Awaitable<absl::StatusOr<HttpResponse>> Open(Codec codec, std::string principal, std::string body,
                                               std::string peer);
  Awaitable<absl::StatusOr<HttpResponse>> Attach(std::shared_ptr<ServerSession> session,
                                                 HttpHeaders headers, std::string body);
  Awaitable<absl::StatusOr<HttpResponse>> Send(std::shared_ptr<ServerSession> session,
                                               std::string body);
  HttpResponse Upload(Codec codec, std::string_view principal, HttpRequest request);
  Awaitable<absl::StatusOr<HttpResponse>> Close(std::shared_ptr<ServerSession> session);
  // The session that a request is for.
  absl::StatusOr<std::shared_ptr<ServerSession>> FindSession(Codec codec,
                                                             std::string_view principal,
                                                             const HttpHeaders& headers);
  absl::StatusOr<std::shared_ptr<ServerSession>> FindOrMakeSession(Codec codec,
                                                                   const OpenRequest& open,
                                                                   std::string principal,
                                                                   std::string peer);
  absl::StatusOr<std::shared_ptr<ServerSession>> NewSession(Codec codec, const OpenRequest& open,
                                                            std::string principal,
                                                            std::string peer);

  const EndpointOptions& options_;
  CallGroup& calls_;
  ByteBudget& receiving_;
  const std::shared_ptr<SessionBudget> budget_;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_SESSION_ENDPOINT_H_
