// MethodInfo describes a method to the runtime. Generated code holds one for each
// method; it lives as long as the program.

#ifndef RUNNEL_RUNTIME_CORE_METHOD_INFO_H_
#define RUNNEL_RUNTIME_CORE_METHOD_INFO_H_

#include <string_view>

namespace runnel {

enum class CallKind { kUnary, kServerStream, kClientStream, kBidi };

// google.protobuf.MethodOptions.IdempotencyLevel.
enum class Idempotency { kUnknown, kNoSideEffects, kIdempotent };

struct ApiMethod;  // runtime/api

struct MethodInfo {
  std::string_view path;  // "/package.Service/Method"
  CallKind kind = CallKind::kUnary;
  Idempotency idempotency = Idempotency::kUnknown;
  // `option (runnel.v1.resumable) = true`: the handler gives its messages ids and
  // reads ServerContext::last_event_id() back on a reconnect.
  bool resumable = false;
  // `option (runnel.v1.http)`: the request of an HTTP API that the method is too; null without.
  const ApiMethod* api = nullptr;

  bool client_streams() const { return kind == CallKind::kClientStream || kind == CallKind::kBidi; }
  bool server_streams() const { return kind == CallKind::kServerStream || kind == CallKind::kBidi; }
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CORE_METHOD_INFO_H_
