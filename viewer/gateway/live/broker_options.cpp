// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/live/broker_options.h"

#include <string>

namespace sitecast::gateway {
namespace {

constexpr auto kKeepAlive = std::chrono::seconds(10);

}  // namespace

mqtt::connect_options connect_options(const BrokerSettings& settings) {
  mqtt::connect_options options;
  options.set_mqtt_version(MQTTVERSION_5);
  options.set_clean_start(true);
  options.set_keep_alive_interval(kKeepAlive);
  options.set_connect_timeout(kBrokerTimeout);
  options.set_user_name(settings.username);
  options.set_password(settings.password);
  if (settings.url.starts_with("mqtts://")) {
    mqtt::ssl_options tls;
    tls.set_trust_store(settings.ca_file.string());
    tls.set_enable_server_cert_auth(true);
    tls.set_verify(true);
    options.set_ssl(tls);
  }
  return options;
}

void await_step(mqtt::token& token, const char* doing) {
  if (!token.wait_for(kBrokerTimeout)) {
    throw mqtt::exception(MQTTASYNC_FAILURE, std::string(doing) + ": no answer");
  }
}

}  // namespace sitecast::gateway
