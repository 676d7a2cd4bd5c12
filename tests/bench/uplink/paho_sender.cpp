// SPDX-License-Identifier: Apache-2.0
// sitecast-bench-paho: a peer of `bench uplink`. Sends a file as messages of 64 KiB, QoS 1, with
// Paho's own file persistence and its own reconnecting, as its manual says to; at most 16 are
// without a PUBACK. Prints one line of JSON. Exit 0: every message was acknowledged.
// Threads: main sends, Paho's threads acknowledge.
#include <fmt/format.h>
#include <mqtt/async_client.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <deque>
#include <thread>

#include "proto/base/file.h"

namespace {

using namespace sitecast;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;

constexpr std::size_t kBlockBytes = 64 * 1024;
constexpr std::size_t kPending = 16;
constexpr std::uint64_t kFileBytes = 1ULL << 30;
constexpr int kWindow = 65535;  // Paho's own stalls for seconds when it fills
constexpr auto kStuck = 120s;   // without any PUBACK

struct Settings {
  std::string url, file, persistence, topic;
};

class Sender {
 public:
  explicit Sender(const Settings& settings)
      : topic_(settings.topic),
        client_(settings.url, "bench-paho", create(), settings.persistence) {}

  void connect() {
    auto options = mqtt::connect_options_builder().mqtt_version(MQTTVERSION_5).finalize();
    options.set_clean_start(false);
    mqtt::properties properties;
    properties.add({mqtt::property::SESSION_EXPIRY_INTERVAL, 3600});
    options.set_properties(std::move(properties));
    options.set_keep_alive_interval(5);
    options.set_automatic_reconnect(1, 2);
    options.set_max_inflight(kWindow);
    client_.connect(std::move(options))->wait();
  }

  // False: nothing was acknowledged for too long.
  bool send(std::size_t number, ByteView block) {
    while (pending_.size() >= kPending) {
      if (!acknowledge_oldest()) return false;
    }
    for (auto deadline = std::chrono::steady_clock::now() + kStuck;;) {
      try {
        pending_.push_back(client_.publish(fmt::format("{}/{}", topic_, number), block.data(),
                                           block.size(), 1, false));
        return true;
      } catch (const mqtt::exception&) {  // its buffer is full, or not connected
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(50ms);
      }
    }
  }
  bool finish() {
    while (!pending_.empty()) {
      if (!acknowledge_oldest()) return false;
    }
    client_.disconnect(1000)->wait();
    return true;
  }

 private:
  static mqtt::create_options create() {
    mqtt::create_options options(MQTTVERSION_5, kWindow);
    options.set_send_while_disconnected(true);
    return options;
  }
  bool acknowledge_oldest() {
    try {
      if (!pending_.front()->wait_for(kStuck)) return false;
    } catch (const mqtt::exception& problem) {
      std::fprintf(stderr, "sitecast-bench-paho: %s\n", problem.what());
      return false;
    }
    pending_.pop_front();
    return true;
  }

  const std::string topic_;
  mqtt::async_client client_;
  std::deque<mqtt::delivery_token_ptr> pending_;
};

int run(const Settings& settings) {
  const auto file = read_file(settings.file, kFileBytes);
  if (!file.ok()) {
    std::fprintf(stderr, "sitecast-bench-paho: %s\n", file.error().message().c_str());
    return 2;
  }
  const ByteView bytes(*file);
  Sender sender(settings);
  sender.connect();
  std::size_t number = 0;
  bool sent = true;
  for (std::size_t at = 0; at < bytes.size() && sent; at += kBlockBytes) {
    sent = sender.send(number++, bytes.subspan(at, std::min(kBlockBytes, bytes.size() - at)));
  }
  sent = sent && sender.finish();
  std::printf("{\"messages\": %zu, \"acknowledged\": %s}\n", number, sent ? "true" : "false");
  return sent ? 0 : 1;
}

}  // namespace

int main(int argument_count, char** arguments) {
  CLI::App app("Sends a file with Paho's own persistence and reconnecting.");
  Settings settings;
  app.add_option("--url", settings.url, "tcp://host:port")->required();
  app.add_option("--file", settings.file)->required();
  app.add_option("--persistence", settings.persistence, "folder")->required();
  app.add_option("--topic", settings.topic, "message n goes to TOPIC/n")->required();
  CLI11_PARSE(app, argument_count, arguments);
  try {
    return run(settings);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "sitecast-bench-paho: %s\n", problem.what());
    return 1;
  }
}
