// SPDX-License-Identifier: Apache-2.0
// The agent's connection to a real broker.
#include "agent/publish/transport.h"

#include <gtest/gtest.h>
#include <malloc.h>

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

agent::TransportSettings settings_of(const HubStack& stack, const EnrolledDevice& enrolled) {
  agent::TransportSettings settings;
  settings.broker = *agent::parse_broker_url("mqtt://127.0.0.1:" + std::to_string(kPort));
  settings.username = enrolled.id.text();
  settings.password_file = stack.folder() / "device.password";
  std::ofstream(settings.password_file) << enrolled.password << "\n";
  settings.will_topic = format_topic({TopicKind::kStatus, enrolled.project, enrolled.id, {}, ""});
  return settings;
}

std::shared_ptr<const std::string> fill_topic(const EnrolledDevice& enrolled) {
  return std::make_shared<const std::string>(
      format_topic({TopicKind::kFill, enrolled.project, enrolled.id, CaptureId::make(), "audio"}));
}

// A window of small parts is thousands of messages; a link that stands still keeps them waiting.
TEST(AgentTransportTest, AWindowOfSmallPartsWaitsOutAStall) {
  constexpr int kParts = 1000;
  HubStack stack(kPort);
  const EnrolledDevice enrolled = stack.enrol(stack.add_project());
  ASSERT_NO_FATAL_FAILURE(stack.start_broker());
  Sink sink;
  agent::Transport transport(settings_of(stack, enrolled), sink, Log("test"));
  transport.connect();
  ASSERT_TRUE(eventually([&] { return sink.connected.load(); }));

  const auto topic = fill_topic(enrolled);
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

// Paho 1.3.12 never frees what it has not come to send when its client is destroyed.
TEST(AgentTransportTest, WhatWasNotSentIsFreedWithItsConnection) {
  constexpr std::size_t kPartBytes = 32'000;
  constexpr std::uint64_t kParts = 500;  // more than kernel and broker take
  HubStack stack(kPort);
  const EnrolledDevice enrolled = stack.enrol(stack.add_project());
  ASSERT_NO_FATAL_FAILURE(stack.start_broker());
  Sink sink;
  agent::Transport transport(settings_of(stack, enrolled), sink, Log("test"));
  const auto topic = fill_topic(enrolled);
  const auto part = std::make_shared<const std::string>(kPartBytes, 'x');
  std::size_t before = 0;
  for (int connection = 0; connection < 3; ++connection) {
    sink.connected = false;
    transport.connect();
    ASSERT_TRUE(eventually([&] {
      transport.start_when_ready();
      return sink.connected.load();
    }));
    transport.tune_socket();
    stack.signal_broker(SIGSTOP);
    for (std::uint64_t i = 0; i < kParts; ++i) transport.publish(topic, part, 1, false, i);
    // Until the kernel takes no more.
    eventually([&, last = std::uint64_t{0}]() mutable {
      transport.hand_over();
      const auto figures = transport.link_figures();
      const std::uint64_t outstanding = figures ? figures->outstanding_bytes : 0;
      return std::exchange(last, outstanding) == outstanding && outstanding > 0;
    });
    EXPECT_TRUE(transport.waits());
    transport.disconnect(false);
    stack.signal_broker(SIGCONT);
    ASSERT_TRUE(eventually([&] { return transport.quiet(); }));
    const std::size_t held = ::mallinfo2().uordblks;
    if (connection == 0) before = held;
    EXPECT_LT(held, before + kPartBytes * kParts / 4) << "after connection " << connection;
  }
}

}  // namespace
}  // namespace sitecast
