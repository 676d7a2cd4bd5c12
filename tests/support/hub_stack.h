// SPDX-License-Identifier: Apache-2.0
// A real mosquitto and a real sitecast-hub in a folder of their own, and devices that speak to
// them. Owner thread: the test's. Everything is killed with the test.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hub/archive/layout.h"
#include "proto/base/id.h"
#include "proto/codec/running_hash.h"
#include "sitecast.pb.h"
#include "tests/bench/load/mqtt5.h"
#include "tests/support/temp_dir.h"
#include "tests/support/track_maker.h"

namespace sitecast {

// true as soon as `condition` is; false after `seconds`.
bool eventually(const std::function<bool()>& condition, double seconds = 20);

struct EnrolledDevice {
  ProjectId project;
  DeviceId id;
  std::string password;
  SigningKey key = SigningKey::generate();
};

class HubStack {
 public:
  // `port` and port + 1 (metrics) are this stack's. Nothing is started yet.
  explicit HubStack(std::uint16_t port);
  ~HubStack();
  HubStack(const HubStack&) = delete;
  HubStack& operator=(const HubStack&) = delete;

  // Adds lines to hub.toml's [commit] table; before start_hub().
  void set_commit_options(const std::string& lines);

  // Runs a command of sitecast-hub to its end.
  struct CommandResult {
    int exit_code = -1;
    std::string out;
    std::string err;
    [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(out, nullptr, false); }
  };
  CommandResult command(const std::vector<std::string>& arguments);
  ProjectId add_project();
  EnrolledDevice enrol(ProjectId project);

  // Writes the broker's files anew and starts it; returns when it answers.
  void start_broker();
  void stop_broker(int signal = 15);
  void signal_broker(int signal) const;
  // Returns when it says `ready`. `environment`: "NAME=value".
  void start_hub(const std::vector<std::string>& environment = {});
  // Waits for the end; the exit code, or -signal.
  int stop_hub(int signal = 15);
  [[nodiscard]] bool hub_runs();

  [[nodiscard]] hub::Layout layout() const { return hub::Layout(state_dir()); }
  [[nodiscard]] std::filesystem::path state_dir() const { return dir_.path() / "state"; }
  [[nodiscard]] std::filesystem::path folder() const { return dir_.path(); }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string password_of(const std::string& service) const;
  // Value of one of the hub's metrics, -1 if it is not there.
  [[nodiscard]] double metric(const std::string& name) const;
  [[nodiscard]] std::string hub_log() const;

 private:
  void write_config();
  TempDir dir_;
  std::uint16_t port_;
  std::string commit_options_ = "reserve_bytes = 1000000\n";
  pid_t broker_ = -1;
  pid_t hub_ = -1;
};

// One connection under one account.
class MqttPeer {
 public:
  MqttPeer(std::uint16_t port, std::string user, std::string password)
      : port_(port), user_(std::move(user)), password_(std::move(password)) {}
  virtual ~MqttPeer() = default;

  // false: refused or unreachable.
  bool connect(const bench::MqttConnection::Options& options = {});
  void disconnect() { connection_.reset(); }
  [[nodiscard]] bool connected() const { return connection_.has_value(); }
  bench::MqttConnection& connection() { return *connection_; }
  void publish(const std::string& topic, Bytes payload, int qos = 1, bool retained = false);
  // The broker's reason code for one message of QoS 1, for one subscription; nothing else of the
  // kind may be on its way. nullopt: no answer, the connection is lost.
  std::optional<std::uint8_t> publish_reason(const std::string& topic, std::string_view payload);
  std::optional<std::uint8_t> subscribe_reason(const std::string& filter);
  // Reads and writes until `condition`, at most `seconds`. A lost connection is disconnect().
  bool pump_until(const std::function<bool()>& condition, double seconds = 20);
  void pump_once();

 protected:
  virtual void on_message(std::string_view topic, ByteView payload) = 0;

 private:
  std::uint16_t port_;
  std::string user_;
  std::string password_;
  std::optional<bench::MqttConnection> connection_;
  std::deque<Bytes> sent_;  // until the connection has sent them
};

// A device as far as the hub can tell: sends what a test gives it and remembers what it is told.
class SimulatedDevice : public MqttPeer {
 public:
  SimulatedDevice(std::uint16_t port, EnrolledDevice device)
      : MqttPeer(port, device.id.text(), device.password), device_(std::move(device)) {}

  // A service that speaks under a device's id.
  SimulatedDevice(std::uint16_t port, EnrolledDevice device, const std::string& username)
      : MqttPeer(port, username, device.password), device_(std::move(device)) {}

  // connect() and subscribe; true when the broker has confirmed.
  bool connect_and_listen();
  void send(const TrackMaker& track, const MadePart& part, bool live = false);
  void send_frame(CaptureId capture, const std::string& track, Bytes frame);
  void send_event(const v1::Event& event);
  void say_hello(const std::vector<const TrackMaker*>& tracks, std::uint64_t question = 0);
  // Subscribes to `down` too; true when the broker has confirmed.
  bool listen_down();
  void ask_down(std::int64_t heard_until_us = 0);

  [[nodiscard]] const EnrolledDevice& device() const { return device_; }
  using Track = std::pair<CaptureId, std::string>;
  static Track of(const TrackMaker& maker) { return {maker.capture(), maker.track()}; }
  [[nodiscard]] std::uint64_t contiguous(const TrackMaker& maker) const;
  [[nodiscard]] bool receipted(const TrackMaker& maker, std::uint64_t sequence) const;
  std::map<Track, v1::TrackReceipt> receipts;
  std::set<std::string> event_receipts;
  std::vector<v1::Refusal> refusals;
  std::vector<v1::Down> downs;
  [[nodiscard]] bool was_told(std::string_view event_id) const;
  std::vector<v1::Receipt> answers;  // receipts that answer a question
  std::uint64_t receipt_messages = 0;
  // Asked for each receipt that comes; true: as if it had not.
  std::function<bool()> loses_receipt;
  std::uint64_t receipts_lost = 0;

 private:
  void on_message(std::string_view topic, ByteView payload) override;
  EnrolledDevice device_;
};

// Every part of a track in the archive by sequence, its media hashed; reports double records and
// hashes that differ as test failures.
std::map<std::uint64_t, Hash> archived_parts(const hub::Layout& layout, ProjectId project,
                                             CaptureId capture, const std::string& track);

}  // namespace sitecast
