// BindMethod takes the types off a service's member function. Which of the four kinds of
// call it is follows from the function's type.

#ifndef RUNNEL_RUNTIME_SERVER_METHOD_BINDING_H_
#define RUNNEL_RUNTIME_SERVER_METHOD_BINDING_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/async/awaitable.h"
#include "runtime/call/reader.h"
#include "runtime/call/writer.h"
#include "runtime/server/service.h"

namespace runnel {

// Reads the one request of a call whose client does not stream: UNIMPLEMENTED when there is none,
// or more than one, as Connect and gRPC have it: the client takes the method for one of another
// kind.
Awaitable<absl::Status> ReadOnlyRequest(MessageReader& in, google::protobuf::Message& request);

// Unary.
template <typename S, typename Request, typename Response>
ServerMethod BindMethod(S* service, const MethodInfo& info,
                        Awaitable<absl::StatusOr<Response>> (S::*method)(ServerContext&,
                                                                         const Request&)) {
  return {&info,
          [service, method](ServerContext& context, MessageReader& in,
                            MessageWriter& out) -> Awaitable<absl::Status> {
            Request request;
            absl::Status read = co_await ReadOnlyRequest(in, request);
            if (!read.ok()) co_return read;
            absl::StatusOr<Response> response = co_await (service->*method)(context, request);
            if (!response.ok()) co_return std::move(response).status();
            WriteOptions last;
            last.last = true;
            if (out.TryWrite(*response, last)) co_return absl::OkStatus();
            co_return co_await out.Write(*response, last);
          }};
}

// Server stream.
template <typename S, typename Request, typename Response>
ServerMethod BindMethod(S* service, const MethodInfo& info,
                        Awaitable<absl::Status> (S::*method)(ServerContext&, const Request&,
                                                             Writer<Response>&)) {
  return {&info,
          [service, method](ServerContext& context, MessageReader& in,
                            MessageWriter& out) -> Awaitable<absl::Status> {
            Request request;
            absl::Status read = co_await ReadOnlyRequest(in, request);
            if (!read.ok()) co_return read;
            Writer<Response> writer(out);
            co_return co_await (service->*method)(context, request, writer);
          }};
}

// Client stream.
template <typename S, typename Request, typename Response>
ServerMethod BindMethod(S* service, const MethodInfo& info,
                        Awaitable<absl::StatusOr<Response>> (S::*method)(ServerContext&,
                                                                         Reader<Request>&)) {
  return {&info,
          [service, method](ServerContext& context, MessageReader& in,
                            MessageWriter& out) -> Awaitable<absl::Status> {
            Reader<Request> reader(in);
            absl::StatusOr<Response> response = co_await (service->*method)(context, reader);
            if (!response.ok()) co_return std::move(response).status();
            WriteOptions last;
            last.last = true;
            if (out.TryWrite(*response, last)) co_return absl::OkStatus();
            co_return co_await out.Write(*response, last);
          }};
}

// Bidi.
template <typename S, typename Request, typename Response>
ServerMethod BindMethod(S* service, const MethodInfo& info,
                        Awaitable<absl::Status> (S::*method)(ServerContext&, Reader<Request>&,
                                                             Writer<Response>&)) {
  return {&info,
          [service, method](ServerContext& context, MessageReader& in,
                            MessageWriter& out) -> Awaitable<absl::Status> {
            Reader<Request> reader(in);
            Writer<Response> writer(out);
            co_return co_await (service->*method)(context, reader, writer);
          }};
}

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_SERVER_METHOD_BINDING_H_
