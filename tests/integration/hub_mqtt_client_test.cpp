// SPDX-License-Identifier: Apache-2.0
// The hub's connection to a real broker.
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>

#include "hub/ingest/mqtt_client.h"
#include "proto/codec/topics.h"
#include "tests/support/hub_stack.h"

namespace sitecast {
namespace {

constexpr std::uint16_t kPort = 21350;

// One message per device of a large group, while the broker takes none of them for a moment.
TEST(HubMqttClientTest, ABurstOfReceiptsIsLostForNobody) {
  constexpr std::uint64_t kReceipts = 400;
  HubStack stack(kPort);
  const EnrolledDevice enrolled = stack.enrol(stack.add_project());
  ASSERT_NO_FATAL_FAILURE(stack.start_broker());
  SimulatedDevice device(kPort, enrolled);
  ASSERT_TRUE(device.connect_and_listen());

  std::atomic<bool> ready{false};
  hub::MqttClient::Options options;
  options.broker.url = "mqtt://127.0.0.1:" + std::to_string(kPort);
  options.broker.username = "hub";
  options.broker.password_file = stack.folder() / "broker" / "hub.password";
  options.on_message = [](hub::Arrival) {};
  options.on_ready = [&] { ready = true; };
  options.subscriptions = {"sitecast/1/+/+/event"};
  const SystemClock clock;
  hub::MqttClient client(options, clock, Log("test"));
  client.start();
  ASSERT_TRUE(eventually([&] { return ready.load(); }));

  v1::Receipt receipt;
  for (int i = 0; i < 1000; ++i) receipt.add_event_ids(EventId::make().raw());
  const std::string payload = receipt.SerializeAsString();
  const std::string topic =
      format_topic({TopicKind::kReceipt, enrolled.project, enrolled.id, {}, ""});
  stack.signal_broker(SIGSTOP);
  std::uint64_t taken = 0;
  for (std::uint64_t i = 0; i < kReceipts; ++i) taken += client.publish(topic, payload) ? 1U : 0U;
  stack.signal_broker(SIGCONT);
  EXPECT_EQ(taken, kReceipts);
  EXPECT_TRUE(device.pump_until([&] { return device.receipt_messages == kReceipts; }))
      << device.receipt_messages;
  client.stop();
}

}  // namespace
}  // namespace sitecast
