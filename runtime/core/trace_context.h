// TraceContext is a call's place in a distributed trace, as W3C Trace Context has it
// (https://www.w3.org/TR/trace-context/): what the metadata `traceparent` and `tracestate` say.

#ifndef RUNNEL_RUNTIME_CORE_TRACE_CONTEXT_H_
#define RUNNEL_RUNTIME_CORE_TRACE_CONTEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/core/metadata.h"

namespace runnel {

// A value. Ids are lower-case hexadecimal digits.
struct TraceContext {
  std::string trace_id;   // 32 digits: of everything that one request has caused
  std::string span_id;    // 16 digits: of this call
  std::string parent_id;  // 16 digits: of the span it was made in; empty where the trace begins
  bool sampled = false;   // whether the caller may have recorded it
  std::string state;      // `tracestate`, as it came

  // The first span of a new trace.
  static TraceContext Begin();
  // A span within this one.
  TraceContext Child() const;

  // What a caller sent: `span_id` is the caller's. Nullopt where it sent nothing, or a
  // `traceparent` that is not valid; a `tracestate` that is not valid is left out.
  static std::optional<TraceContext> FromMetadata(const Metadata& metadata);

  // The value of `traceparent` for calls made in this span.
  std::string traceparent() const;
  // Has a call made in this span say so: sets `traceparent`, and `tracestate` where there is one.
  //
  //   CallOptions options;
  //   context.trace().AddTo(options.metadata);
  void AddTo(Metadata& metadata) const;
};

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_CORE_TRACE_CONTEXT_H_
