// A server's figures as metric families of Prometheus.
//
// Calls have the names that gRPC's own exporters have established (go-grpc-prometheus), labels and
// spelling of codes included, so that dashboards and alerts made for gRPC work as they are. What
// gRPC has no name for begins with runnel_server_.

#ifndef SERVICES_METRICS_SERVER_METRICS_H_
#define SERVICES_METRICS_SERVER_METRICS_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "prometheus/metric_family.h"
#include "runnel/server.h"

namespace runnel {

// Labels have as many values as there are methods, codes, limits: nothing that a client sends
// becomes one. Methods nobody has called yet have counters at 0, and no histogram.
std::vector<prometheus::MetricFamily> CollectServerMetrics(const ServerStats& stats);

// "InvalidArgument", as grpc_code has it.
std::string_view GrpcCodeName(absl::StatusCode code);

// What the conventions name process_…: processor time, memory, descriptors. Empty where the system
// does not tell (/proc).
std::vector<prometheus::MetricFamily> CollectProcessMetrics();

}  // namespace runnel

#endif  // SERVICES_METRICS_SERVER_METRICS_H_
