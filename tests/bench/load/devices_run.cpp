// SPDX-License-Identifier: Apache-2.0
#include <poll.h>

#include <algorithm>

#include "tests/bench/load/device.h"
#include "tests/bench/load/runs.h"

namespace sitecast::bench {
namespace {

using nlohmann::json;
constexpr double kGiveUpS = 20;

// Many devices in one thread. Only sockets that have something are touched, so that the load does
// not take the machine from what is measured.
class Fleet {
 public:
  Fleet(const DevicesOptions& options, const std::vector<LoadPart>& parts)
      : interval_s_(1.0 / options.parts_per_second), parts_(parts) {}

  Status connect(std::uint16_t port, const std::vector<Account>& accounts) {
    for (const auto& account : accounts) {
      SC_TRY_ASSIGN(auto device, Device::start(port, account));
      SC_TRY(device->pump(parts_));
      devices_.push_back(std::move(device));
    }
    start_ = SteadyClock::now();
    return Ok{};
  }

  // One turn: sends what is due, then waits for answers until something else is.
  Status turn() {
    double next_due_s = kGiveUpS;
    const double now_s = elapsed_s();
    for (std::size_t i = 0; i < devices_.size(); ++i) {
      SC_TRY(send_due(*devices_[i], i, now_s, next_due_s));
    }
    waiting_.clear();
    for (const auto& device : devices_) {
      const short events = device->wants_to_write() ? POLLIN | POLLOUT : POLLIN;  // NOLINT
      waiting_.push_back({device->descriptor(), events, 0});
    }
    const int wait_ms = std::clamp(static_cast<int>(next_due_s * 1000), 0, 100);
    if (::poll(waiting_.data(), waiting_.size(), wait_ms) < 0) return errno_error(errno, "poll");
    for (std::size_t i = 0; i < devices_.size(); ++i) {
      if (waiting_[i].revents != 0) SC_TRY(devices_[i]->pump(parts_));
    }
    return Ok{};
  }

  [[nodiscard]] bool all_receipted() const {
    return std::all_of(devices_.begin(), devices_.end(),
                       [&](const auto& device) { return device->receipted() == parts_.size(); });
  }
  [[nodiscard]] double elapsed_s() const { return seconds_since(start_); }
  // How far behind its schedule the sender itself was, at most.
  [[nodiscard]] double latest_s() const { return latest_s_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Device>>& devices() const { return devices_; }

 private:
  // `until_next_s` shrinks to when this device's next part is due.
  Status send_due(Device& device, std::size_t number, double now_s, double& until_next_s) {
    const double phase = static_cast<double>(number) / static_cast<double>(devices_.size());
    bool sent = false;
    while (device.next() < parts_.size()) {
      const double due_s = (static_cast<double>(device.next()) + phase) * interval_s_;
      if (due_s > now_s) {
        until_next_s = std::min(until_next_s, due_s - now_s);
        break;
      }
      latest_s_ = std::max(latest_s_, now_s - due_s);
      device.send(parts_);
      sent = true;
    }
    return sent ? device.pump(parts_) : Status(Ok{});
  }

  double interval_s_;
  const std::vector<LoadPart>& parts_;
  std::vector<std::unique_ptr<Device>> devices_;
  std::vector<pollfd> waiting_;
  SteadyClock::time_point start_;
  double latest_s_ = 0;
};

}  // namespace

Result<json> run_devices(const DevicesOptions& options, std::uint16_t port,
                         const std::string& accounts) {
  SC_TRY_ASSIGN(const auto known, read_accounts(accounts));
  LoadPartOptions part_options;
  part_options.parts_per_second = options.parts_per_second;
  part_options.media_bytes = options.kbit_per_s * 1000UL / 8 / options.parts_per_second;
  part_options.count = static_cast<std::size_t>(options.seconds * options.parts_per_second);
  SC_TRY_ASSIGN(const auto parts, make_load_parts(part_options));
  Fleet fleet(options, parts);
  SC_TRY(fleet.connect(port, known));
  while (!fleet.all_receipted()) {
    if (fleet.elapsed_s() > options.seconds + kGiveUpS) {
      return unavailable("receipts are missing 20 s after the last part");
    }
    SC_TRY(fleet.turn());
  }
  const double seconds = fleet.elapsed_s();
  std::vector<double> all_ms;
  for (const auto& device : fleet.devices()) {
    all_ms.insert(all_ms.end(), device->receipt_ms().begin(), device->receipt_ms().end());
  }
  return json{{"devices", known.size()},
              {"seconds", seconds},
              {"receipt_p50_ms", percentile(all_ms, 0.5)},
              {"receipt_p99_ms", percentile(all_ms, 0.99)},
              {"parts", all_ms.size()},
              {"part_bytes", part_options.media_bytes},
              {"sender_latest_ms", fleet.latest_s() * 1000}};
}

}  // namespace sitecast::bench
