// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/metrics.h"

#include <fmt/format.h>
#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>

namespace sitecast::gateway {
struct MetricsListener::Impl {
  class Values final : public prometheus::Collectable {
   public:
    explicit Values(std::vector<Metric> metrics) : metrics_(std::move(metrics)) {}

    std::vector<prometheus::MetricFamily> Collect() const override {
      std::vector<prometheus::MetricFamily> families;
      for (const auto& metric : metrics_) {
        prometheus::ClientMetric value;
        const bool counter = metric.kind == Metric::Kind::kCounter;
        (counter ? value.counter.value : value.gauge.value) = metric.read();
        families.push_back(
            {metric.name,
             metric.help,
             counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge,
             {value}});
      }
      return families;
    }

   private:
    const std::vector<Metric> metrics_;
  };

  std::shared_ptr<Values> values;
  std::unique_ptr<prometheus::Exposer> exposer;
};

Result<std::unique_ptr<MetricsListener>> MetricsListener::open(const Endpoint& listen,
                                                               std::vector<Metric> metrics) {
  auto impl = std::make_unique<Impl>();
  impl->values = std::make_shared<Impl::Values>(std::move(metrics));
  try {
    impl->exposer =
        std::make_unique<prometheus::Exposer>(fmt::format("{}:{}", listen.address, listen.port), 1);
  } catch (const std::exception& failure) {
    return unavailable(fmt::format("metrics.listen: cannot listen on {}:{}: {}", listen.address,
                                   listen.port, failure.what()));
  }
  impl->exposer->RegisterCollectable(impl->values);
  return std::unique_ptr<MetricsListener>(new MetricsListener(std::move(impl)));
}

MetricsListener::MetricsListener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MetricsListener::~MetricsListener() = default;

}  // namespace sitecast::gateway
