// SPDX-License-Identifier: Apache-2.0
#include <poll.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "proto/base/file.h"
#include "proto/codec/topics.h"
#include "tests/bench/load/device.h"
#include "tests/bench/load/runs.h"

namespace sitecast::bench {
namespace {

using nlohmann::json;

// A broker keeps nothing, so the same parts go round instead of filling the memory.
constexpr std::size_t kPublishedBytes = 512 * 1024 * 1024;

}  // namespace

Result<json> run_publish(const LoadOptions& load, std::uint16_t port) {
  const std::size_t count = load.total_bytes / load.part_bytes;
  SC_TRY_ASSIGN(
      const auto parts,
      make_load_parts({load.part_bytes, std::min(count, kPublishedBytes / load.part_bytes)}));
  SC_TRY_ASSIGN(auto connection, MqttConnection::connect({"127.0.0.1", port}, "", ""));
  const std::string topic = format_topic(
      {TopicKind::kFill, ProjectId::make(), DeviceId::make(), CaptureId::make(), "video"});
  std::cout << "sending" << std::endl;  // NOLINT(*endl*): the reader starts its clock here
  std::size_t next = 0;
  const std::size_t window_parts = std::max<std::size_t>(load.window_bytes / load.part_bytes, 1);
  while (connection.acknowledged() < count) {
    while (next < count && next - connection.acknowledged() < window_parts) {
      connection.publish(topic, parts[next++ % parts.size()].frame, 1);
    }
    const short events = connection.wants_to_write() ? POLLIN | POLLOUT : POLLIN;  // NOLINT
    pollfd waiting{connection.descriptor(), events, 0};
    if (::poll(&waiting, 1, 20'000) == 0) return unavailable("no PUBACK for 20 s");
    SC_TRY(connection.pump([](std::string_view, ByteView) {}));
  }
  return json{{"parts", count}, {"refused", connection.refused()}};
}

Result<json> run_append(const LoadOptions& load, const std::string& folder) {
  SC_TRY_ASSIGN(const auto parts,
                make_load_parts({load.part_bytes, load.total_bytes / load.part_bytes}));
  const auto path = std::filesystem::path(folder) / (CaptureId::make().text() + ".append");
  SC_TRY_ASSIGN(auto file, File::create(path));
  SC_TRY(sync_folder(folder));
  const auto start = SteadyClock::now();
  for (const auto& part : parts) {
    SC_TRY(file.append(part.frame));
    SC_TRY(file.sync_data());
  }
  const double seconds = seconds_since(start);
  std::filesystem::remove(path);
  const double megabytes = static_cast<double>(parts.size() * load.part_bytes) / 1e6;
  return json{{"mb_per_s", megabytes / seconds}, {"seconds", seconds}, {"parts", parts.size()}};
}

}  // namespace sitecast::bench
