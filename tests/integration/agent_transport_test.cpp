// SPDX-License-Identifier: Apache-2.0
// The agent's connection to a real broker.
#include "agent/publish/transport.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <fstream>

#include "proto/codec/topics.h"
#include "tests/support/hub_stack.h"

namespace sitecast {
namespace {

constexpr std::uint16_t kPort = 21370;

class Sink final : public agent::TransportSink {
 public:
  std::atomic<bool> connected{false};
  std::atomic<int> disconnects{0};
  std::atomic<int> answered{0};

 private:
  void on_connected(agent::ConnectionNumber, std::uint32_t) override { connected = true; }
  void on_connect_failed(agent::ConnectionNumber, agent::ConnectFailure) override {}
  void on_disconnected(agent::ConnectionNumber, std::string) override { ++disconnects; }
  // Also 0x10, that nobody listens: that the broker has it is what counts here.
  void on_sent(agent::ConnectionNumber, std::uint64_t, std::uint8_t) override { ++answered; }
  void on_subscribe_failed(agent::ConnectionNumber, std::string, std::uint8_t) override {}
  void on_message(agent::ConnectionNumber, std::string, std::string) override {}
};

// A window of small parts is thousands of messages; a link that stands still keeps them waiting.
TEST(AgentTransportTest, AWindowOfSmallPartsWaitsOutAStall) {
  constexpr int kParts = 1000;
  HubStack stack(kPort);
  const EnrolledDevice enrolled = stack.enrol(stack.add_project());
  ASSERT_NO_FATAL_FAILURE(stack.start_broker());
  Sink sink;
  agent::TransportSettings settings;
  settings.broker = *agent::parse_broker_url("mqtt://127.0.0.1:" + std::to_string(kPort));
  settings.username = enrolled.id.text();
  settings.password_file = stack.folder() / "device.password";
  std::ofstream(settings.password_file) << enrolled.password << "\n";
  settings.will_topic = format_topic({TopicKind::kStatus, enrolled.project, enrolled.id, {}, ""});
  agent::Transport transport(settings, sink, Log("test"));
  transport.connect();
  ASSERT_TRUE(eventually([&] { return sink.connected.load(); }));

  const auto topic = std::make_shared<const std::string>(
      format_topic({TopicKind::kFill, enrolled.project, enrolled.id, CaptureId::make(), "audio"}));
  const auto part = std::make_shared<const std::string>(8000, 'x');
  stack.signal_broker(SIGSTOP);
  for (int i = 0; i < kParts; ++i) {
    transport.publish(topic, part, 1, false, static_cast<std::uint64_t>(i));
  }
  stack.signal_broker(SIGCONT);
  EXPECT_TRUE(eventually([&] { return sink.answered == kParts; })) << sink.answered;
  EXPECT_EQ(sink.disconnects, 0);
  transport.disconnect(true);
}

}  // namespace
}  // namespace sitecast
