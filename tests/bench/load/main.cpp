// SPDX-License-Identifier: Apache-2.0
// sitecast-bench-load: load and physical limits for scripts/bench. Each subcommand prints one JSON
// object. See README.md beside this file.
#include <fmt/format.h>
#include <poll.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "hub/archive/layout.h"
#include "hub/archive/sidecar.h"
#include "proto/base/file.h"
#include "proto/codec/part_frame.h"
#include "proto/codec/topics.h"
#include "tests/bench/load/mqtt5.h"
#include "tests/bench/load/parts.h"

namespace sitecast::bench {
namespace {

using nlohmann::json;
using SteadyClock = std::chrono::steady_clock;

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

double percentile(std::vector<double>& values, double p) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
}

// One simulated device with one video track.
struct Device {
  Device(MqttConnection made, ProjectId project_id, DeviceId device_id)
      : connection(std::move(made)), project(project_id), device(device_id) {
    topic = format_topic({TopicKind::kFill, project, device, capture, "video"});
  }
  void start() {
    connection.subscribe(format_topic({TopicKind::kReceipt, project, device, {}, ""}));
    opened = capture_opened_event(capture);
    connection.publish(format_topic({TopicKind::kEvent, project, device, {}, ""}), opened, 1);
  }
  void send(const std::vector<LoadPart>& parts) {
    sent_at.push_back(SteadyClock::now());
    connection.publish(topic, parts[next].frame, 1);
    outstanding_bytes += parts[next].frame.size();
    ++next;
  }
  Status pump(const std::vector<LoadPart>& parts) {
    return connection.pump([&](std::string_view, ByteView payload) {
      v1::Receipt receipt;
      if (!receipt.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return;
      refusals += static_cast<std::uint64_t>(receipt.refusals_size());
      for (const auto& track : receipt.tracks()) {
        if (track.capture_id() != capture.raw()) continue;
        while (receipted < track.contiguous() && receipted < next) {
          receipt_ms.push_back(seconds_since(sent_at[receipted]) * 1000);
          outstanding_bytes -= parts[receipted].frame.size();
          ++receipted;
        }
      }
    });
  }

  MqttConnection connection;
  ProjectId project;
  DeviceId device;
  CaptureId capture = CaptureId::make();
  std::string topic;
  Bytes opened;
  std::size_t next = 0;
  std::uint64_t receipted = 0;
  std::uint64_t refusals = 0;
  std::uint64_t outstanding_bytes = 0;
  std::vector<SteadyClock::time_point> sent_at;
  std::vector<double> receipt_ms;
};

struct Account {
  ProjectId project;
  DeviceId device;
  std::string password;
};

Result<Account> read_account(const json& entry) {
  const auto project = ProjectId::parse(entry.at("project_id").get<std::string>());
  const auto device = DeviceId::parse(entry.at("device_id").get<std::string>());
  if (!project || !device) return invalid_argument("accounts file: project_id or device_id");
  return Account{*project, *device, entry.at("password").get<std::string>()};
}

Result<std::vector<Account>> read_accounts(const std::string& path) {
  try {
    std::vector<Account> accounts;
    for (const auto& entry : json::parse(std::ifstream(path))) {
      SC_TRY_ASSIGN(auto account, read_account(entry));
      accounts.push_back(std::move(account));
    }
    return accounts;
  } catch (const std::exception& exception) {
    return invalid_argument(path + ": " + exception.what());
  }
}

Status wait_any(std::vector<std::unique_ptr<Device>>& devices, int timeout_ms) {
  std::vector<pollfd> waiting;
  waiting.reserve(devices.size());
  for (const auto& device : devices) {
    const short events =
        device->connection.wants_to_write() ? POLLIN | POLLOUT : POLLIN;  // NOLINT(*narrowing*)
    waiting.push_back({device->connection.descriptor(), events, 0});
  }
  if (::poll(waiting.data(), waiting.size(), timeout_ms) < 0) return errno_error(errno, "poll");
  return Ok{};
}

// Reads the archive back and compares every part with what was sent.
Result<std::uint64_t> read_back(const std::string& state_dir, const Device& device,
                                const std::vector<LoadPart>& parts) {
  const hub::Layout layout{state_dir};
  SC_TRY_ASSIGN(const File media,
                File::open_for_reading(layout.media(device.project, device.capture, "video")));
  SC_TRY_ASSIGN(const File sidecar,
                File::open_for_reading(layout.sidecar(device.project, device.capture, "video")));
  std::vector<bool> seen(device.receipted, false);
  std::uint64_t equal = 0;
  std::string wrong;
  SC_TRY_ASSIGN(const auto end,
                hub::read_sidecar(sidecar, 0, [&](const hub::SidecarRecord& record, std::uint64_t) {
                  const auto envelope = parse_envelope(record.envelope_bytes);
                  if (!envelope.ok()) return wrong = "unreadable envelope", false;
                  const std::uint64_t sequence = envelope->sequence();
                  Bytes bytes(record.media_size_bytes);
                  if (!media.read_at(record.media_offset, bytes).ok()) {
                    return wrong = "media missing", false;
                  }
                  if (sequence >= parts.size() ||
                      part_hash(record.envelope_bytes, bytes) != parts[sequence].hash) {
                    return wrong = "another hash", false;
                  }
                  if (sequence < seen.size()) {
                    if (seen[sequence]) return wrong = "stored twice", false;
                    seen[sequence] = true;
                    ++equal;
                  }
                  return true;
                }));
  static_cast<void>(end);
  if (!wrong.empty()) return data_loss("archive read back: " + wrong);
  if (equal != device.receipted) {
    return data_loss(
        fmt::format("archive read back: {} of {} receipted parts", equal, device.receipted));
  }
  return equal;
}

struct IngestOptions {
  std::uint16_t port = 0;
  std::string accounts;
  std::string state_dir;
  std::size_t part_bytes = 64 * 1024;
  std::size_t total_bytes = 0;
  std::size_t window_bytes = 16 * 1024 * 1024;
};

Result<json> run_ingest(const IngestOptions& options) {
  SC_TRY_ASSIGN(const auto accounts, read_accounts(options.accounts));
  if (accounts.empty()) return invalid_argument("no account in " + options.accounts);
  SC_TRY_ASSIGN(const auto parts,
                make_load_parts({options.part_bytes, options.total_bytes / options.part_bytes}));
  SC_TRY_ASSIGN(auto connection,
                MqttConnection::connect({"127.0.0.1", options.port}, accounts[0].device.text(),
                                        accounts[0].password));
  std::vector<std::unique_ptr<Device>> devices;
  devices.push_back(
      std::make_unique<Device>(std::move(connection), accounts[0].project, accounts[0].device));
  Device& device = *devices[0];
  device.start();
  const auto start = SteadyClock::now();
  auto progress_at = start;
  while (device.receipted < parts.size()) {
    const std::uint64_t before = device.receipted;
    while (device.next < parts.size() && device.outstanding_bytes < options.window_bytes) {
      device.send(parts);
    }
    SC_TRY(wait_any(devices, 1000));
    SC_TRY(device.pump(parts));
    if (device.refusals > 0) return internal_error("the hub refused a part");
    if (device.receipted > before) progress_at = SteadyClock::now();
    if (seconds_since(progress_at) > 20) {
      return unavailable(
          fmt::format("no receipt for 20 s after {} of {} parts", device.receipted, parts.size()));
    }
  }
  const double seconds = seconds_since(start);
  SC_TRY_ASSIGN(const auto equal, read_back(options.state_dir, device, parts));
  const double megabytes = static_cast<double>(parts.size() * options.part_bytes) / 1e6;
  return json{{"mb_per_s", megabytes / seconds},
              {"seconds", seconds},
              {"parts", parts.size()},
              {"equal_in_archive", equal},
              {"receipt_p50_ms", percentile(device.receipt_ms, 0.5)},
              {"receipt_p99_ms", percentile(device.receipt_ms, 0.99)}};
}

// The same messages to whoever subscribes: the broker's own limit.
Result<json> run_publish(const IngestOptions& options) {
  SC_TRY_ASSIGN(const auto parts,
                make_load_parts({options.part_bytes, options.total_bytes / options.part_bytes}));
  SC_TRY_ASSIGN(auto connection, MqttConnection::connect({"127.0.0.1", options.port}, "", ""));
  const std::string topic = format_topic(
      {TopicKind::kFill, ProjectId::make(), DeviceId::make(), CaptureId::make(), "video"});
  std::cout << "sending" << std::endl;  // NOLINT(*endl*): the reader starts its clock here
  std::size_t next = 0;
  const std::size_t window_parts =
      std::max<std::size_t>(options.window_bytes / options.part_bytes, 1);
  while (connection.acknowledged() < parts.size()) {
    while (next < parts.size() && next - connection.acknowledged() < window_parts) {
      connection.publish(topic, parts[next++].frame, 1);
    }
    const short events = connection.wants_to_write() ? POLLIN | POLLOUT : POLLIN;  // NOLINT
    pollfd waiting{connection.descriptor(), events, 0};
    if (::poll(&waiting, 1, 20'000) == 0) return unavailable("no PUBACK for 20 s");
    SC_TRY(connection.pump([](std::string_view, ByteView) {}));
  }
  return json{{"parts", parts.size()}, {"refused", connection.refused()}};
}

// Plain append + fdatasync per part: the disk's own limit.
Result<json> run_append(const std::string& dir, std::size_t part_bytes, std::size_t total_bytes) {
  SC_TRY_ASSIGN(const auto parts, make_load_parts({part_bytes, total_bytes / part_bytes}));
  const auto path = std::filesystem::path(dir) / (CaptureId::make().text() + ".append");
  SC_TRY_ASSIGN(auto file, File::create(path));
  SC_TRY(sync_folder(dir));
  const auto start = SteadyClock::now();
  for (const auto& part : parts) {
    SC_TRY(file.append(part.frame));
    SC_TRY(file.sync_data());
  }
  const double seconds = seconds_since(start);
  std::filesystem::remove(path);
  const double megabytes = static_cast<double>(parts.size() * part_bytes) / 1e6;
  return json{{"mb_per_s", megabytes / seconds}, {"seconds", seconds}, {"parts", parts.size()}};
}

struct DevicesOptions {
  std::uint16_t port = 0;
  std::string accounts;
  double seconds = 10;
  std::uint32_t kbit_per_s = 2000;
  std::uint32_t parts_per_second = 30;
};

// Many devices at a steady rate, staggered; the time from sending a part to its receipt.
Result<json> run_devices(const DevicesOptions& options) {
  SC_TRY_ASSIGN(const auto accounts, read_accounts(options.accounts));
  LoadPartOptions part_options;
  part_options.parts_per_second = options.parts_per_second;
  part_options.media_bytes = options.kbit_per_s * 1000UL / 8 / options.parts_per_second;
  part_options.count = static_cast<std::size_t>(options.seconds * options.parts_per_second);
  SC_TRY_ASSIGN(const auto parts, make_load_parts(part_options));
  std::vector<std::unique_ptr<Device>> devices;
  for (const auto& account : accounts) {
    SC_TRY_ASSIGN(auto connection,
                  MqttConnection::connect({"127.0.0.1", options.port}, account.device.text(),
                                          account.password));
    devices.push_back(
        std::make_unique<Device>(std::move(connection), account.project, account.device));
    devices.back()->start();
  }
  const auto start = SteadyClock::now();
  const auto all_receipted = [&] {
    return std::all_of(devices.begin(), devices.end(),
                       [&](const auto& device) { return device->receipted == parts.size(); });
  };
  double latest_s = 0;  // how far behind its schedule the sender itself was
  while (!all_receipted()) {
    const double now = seconds_since(start);
    if (now > options.seconds + 20) return unavailable("receipts missing 20 s after the last part");
    for (std::size_t i = 0; i < devices.size(); ++i) {
      Device& device = *devices[i];
      const double phase = static_cast<double>(i) / static_cast<double>(devices.size());
      while (device.next < parts.size()) {
        const double due = (static_cast<double>(device.next) + phase) / options.parts_per_second;
        if (due > now) break;
        latest_s = std::max(latest_s, now - due);
        device.send(parts);
      }
    }
    for (auto& device : devices) {
      SC_TRY(device->pump(parts));
      if (device->refusals > 0) return internal_error("the hub refused a part");
    }
    SC_TRY(wait_any(devices, 1));
  }
  std::vector<double> all_ms;
  for (const auto& device : devices) {
    all_ms.insert(all_ms.end(), device->receipt_ms.begin(), device->receipt_ms.end());
  }
  return json{{"devices", devices.size()},
              {"receipt_p50_ms", percentile(all_ms, 0.5)},
              {"receipt_p99_ms", percentile(all_ms, 0.99)},
              {"parts", all_ms.size()},
              {"sender_latest_ms", latest_s * 1000}};
}

int print(const Result<json>& result) {
  if (!result.ok()) {
    std::cerr << "sitecast-bench-load: " << result.error().message() << "\n";
    return 1;
  }
  std::cout << result->dump() << "\n";
  return 0;
}

int run(int argc, char** argv) {
  CLI::App app{"Load and physical limits for scripts/bench"};
  app.require_subcommand(1);
  IngestOptions ingest;
  auto* ingest_command = app.add_subcommand("ingest", "one device, as fast as receipts allow");
  ingest_command->add_option("--port", ingest.port)->required();
  ingest_command->add_option("--accounts", ingest.accounts, "JSON file")->required();
  ingest_command->add_option("--state-dir", ingest.state_dir, "the hub's")->required();
  auto* publish_command = app.add_subcommand("publish", "the same messages, no hub (peer)");
  publish_command->add_option("--port", ingest.port)->required();
  std::string dir;
  auto* append_command = app.add_subcommand("append", "append + fdatasync per part (limit)");
  append_command->add_option("--dir", dir)->required();
  for (auto* command : {ingest_command, publish_command, append_command}) {
    command->add_option("--part-bytes", ingest.part_bytes);
    command->add_option("--total-bytes", ingest.total_bytes)->required();
    command->add_option("--window-bytes", ingest.window_bytes);
  }
  DevicesOptions devices;
  auto* devices_command = app.add_subcommand("devices", "many devices at a steady rate");
  devices_command->add_option("--port", devices.port)->required();
  devices_command->add_option("--accounts", devices.accounts)->required();
  devices_command->add_option("--seconds", devices.seconds);
  devices_command->add_option("--kbit-per-s", devices.kbit_per_s);
  CLI11_PARSE(app, argc, argv);

  if (ingest_command->parsed()) return print(run_ingest(ingest));
  if (publish_command->parsed()) return print(run_publish(ingest));
  if (append_command->parsed()) {
    return print(run_append(dir, ingest.part_bytes, ingest.total_bytes));
  }
  return print(run_devices(devices));
}

}  // namespace
}  // namespace sitecast::bench

int main(int argc, char** argv) { return sitecast::bench::run(argc, argv); }
