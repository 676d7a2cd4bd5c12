// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <poll.h>

#include "hub/archive/layout.h"
#include "hub/archive/sidecar.h"
#include "proto/base/file.h"
#include "proto/codec/part_frame.h"
#include "tests/bench/load/device.h"
#include "tests/bench/load/runs.h"

namespace sitecast::bench {
namespace {

using nlohmann::json;
constexpr double kGiveUpS = 20;

// Reads the archive back and compares every part with what was sent.
Result<std::uint64_t> read_back(const std::string& state_dir, const Device& device,
                                const std::vector<LoadPart>& parts) {
  const hub::Layout layout{state_dir};
  SC_TRY_ASSIGN(const File media,
                File::open_for_reading(layout.media(device.project(), device.capture(), "video")));
  SC_TRY_ASSIGN(const File sidecar, File::open_for_reading(layout.sidecar(
                                        device.project(), device.capture(), "video")));
  std::vector<bool> seen(parts.size(), false);
  std::uint64_t equal = 0;
  std::string wrong;
  SC_TRY(hub::read_sidecar(sidecar, 0, [&](const hub::SidecarRecord& record, std::uint64_t) {
    const auto envelope = parse_envelope(record.envelope_bytes);
    if (!envelope.ok()) return wrong = "unreadable envelope", false;
    const std::uint64_t sequence = envelope->sequence();
    Bytes bytes(record.media_size_bytes);
    if (!media.read_at(record.media_offset, bytes).ok()) return wrong = "media missing", false;
    if (sequence >= parts.size() ||
        part_hash(record.envelope_bytes, bytes) != parts[sequence].hash) {
      return wrong = "another hash", false;
    }
    if (seen[sequence]) return wrong = "stored twice", false;
    seen[sequence] = true;
    ++equal;
    return true;
  }));
  if (!wrong.empty()) return data_loss("archive read back: " + wrong);
  if (equal != parts.size()) {
    return data_loss(
        fmt::format("archive read back: {} of {} receipted parts", equal, parts.size()));
  }
  return equal;
}

Status send_all(Device& device, const std::vector<LoadPart>& parts, std::size_t window_bytes) {
  auto progress_at = SteadyClock::now();
  while (device.receipted() < parts.size()) {
    const std::uint64_t before = device.receipted();
    while (device.next() < parts.size() && device.outstanding_bytes() < window_bytes) {
      device.send(parts);
    }
    const short events = device.wants_to_write() ? POLLIN | POLLOUT : POLLIN;  // NOLINT
    pollfd waiting{device.descriptor(), events, 0};
    if (::poll(&waiting, 1, 1000) < 0) return errno_error(errno, "poll");
    SC_TRY(device.pump(parts));
    if (device.receipted() > before) progress_at = SteadyClock::now();
    if (seconds_since(progress_at) > kGiveUpS) {
      return unavailable(fmt::format("no receipt for {} s after {} of {} parts", kGiveUpS,
                                     device.receipted(), parts.size()));
    }
  }
  return Ok{};
}

}  // namespace

Result<json> run_ingest(const LoadOptions& load, std::uint16_t port, const std::string& accounts,
                        const std::string& state_dir) {
  SC_TRY_ASSIGN(const auto known, read_accounts(accounts));
  SC_TRY_ASSIGN(const auto parts,
                make_load_parts({load.part_bytes, load.total_bytes / load.part_bytes}));
  SC_TRY_ASSIGN(const auto device, Device::start(port, known[0]));
  const auto start = SteadyClock::now();
  SC_TRY(send_all(*device, parts, load.window_bytes));
  const double seconds = seconds_since(start);
  SC_TRY_ASSIGN(const auto equal, read_back(state_dir, *device, parts));
  const double megabytes = static_cast<double>(parts.size() * load.part_bytes) / 1e6;
  std::vector<double> receipt_ms = device->receipt_ms();
  return json{{"mb_per_s", megabytes / seconds},
              {"seconds", seconds},
              {"parts", parts.size()},
              {"equal_in_archive", equal},
              {"receipt_p50_ms", percentile(receipt_ms, 0.5)},
              {"receipt_p99_ms", percentile(receipt_ms, 0.99)}};
}

}  // namespace sitecast::bench
