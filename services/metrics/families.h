// Families collects the metric families of one scrape.

#ifndef SERVICES_METRICS_FAMILIES_H_
#define SERVICES_METRICS_FAMILIES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "prometheus/metric_family.h"
#include "runnel/server.h"

namespace runnel {

// Begin a family, and add its metrics; and so on.
class Families {
 public:
  using Labels = std::vector<prometheus::ClientMetric::Label>;

  void Begin(std::string name, prometheus::MetricType type, std::string help) {
    prometheus::MetricFamily& family = families_.emplace_back();
    family.name = std::move(name);
    family.type = type;
    family.help = std::move(help);
  }
  void Add(uint64_t value, Labels labels = {}) {
    prometheus::ClientMetric& metric = AddMetric(std::move(labels));
    if (families_.back().type == prometheus::MetricType::Counter) {
      metric.counter.value = static_cast<double>(value);
    } else {
      metric.gauge.value = static_cast<double>(value);
    }
  }
  prometheus::ClientMetric& AddMetric(Labels labels) {
    prometheus::ClientMetric& metric = families_.back().metric.emplace_back();
    metric.label = std::move(labels);
    return metric;
  }
  // In seconds, of buckets for kLatencyBounds and one for the rest.
  void AddHistogram(const std::array<uint64_t, kLatencyBounds.size() + 1>& buckets,
                    absl::Duration sum, Labels labels) {
    prometheus::ClientMetric::Histogram& histogram = AddMetric(std::move(labels)).histogram;
    uint64_t count = 0;
    for (size_t i = 0; i < kLatencyBounds.size(); ++i) {
      count += buckets[i];
      histogram.bucket.push_back({count, static_cast<double>(kLatencyBounds[i]) / 1e9});
    }
    histogram.sample_count = count + buckets.back();
    histogram.sample_sum = absl::ToDoubleSeconds(sum);
  }

  void AddCounter(std::string name, std::string help, uint64_t value) {
    Begin(std::move(name), prometheus::MetricType::Counter, std::move(help));
    Add(value);
  }
  void AddGauge(std::string name, std::string help, uint64_t value) {
    Begin(std::move(name), prometheus::MetricType::Gauge, std::move(help));
    Add(value);
  }

  std::vector<prometheus::MetricFamily> Take() { return std::move(families_); }

 private:
  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace runnel

#endif  // SERVICES_METRICS_FAMILIES_H_
