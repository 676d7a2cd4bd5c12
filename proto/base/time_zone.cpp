// SPDX-License-Identifier: Apache-2.0
#include "proto/base/time_zone.h"

#include <algorithm>
#include <string>

#include "proto/base/file.h"

namespace sitecast {
namespace {

constexpr std::string_view kZones = "/usr/share/zoneinfo/";
constexpr std::uint64_t kFileBytes = 64 * 1024;
constexpr std::size_t kHeaderBytes = 44;
constexpr std::int64_t kLongestOffsetS = 26 * 3600;

bool is_zone_name(std::string_view name) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
  return !name.empty() && name.size() <= 64 && name.front() != '/' &&
         name.find_first_not_of(kLetters) == std::string_view::npos;
}

std::int64_t big_endian(ByteView bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8U | bytes[at + i];
  if (size == 4) return static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
  return static_cast<std::int64_t>(value);
}

struct Counts {
  std::size_t utc, standard, leap, times, types, letters;
  [[nodiscard]] std::size_t block_bytes(std::size_t time_bytes) const {
    return times * (time_bytes + 1) + types * 6 + letters + leap * (time_bytes + 4) + standard +
           utc;
  }
};

Counts counts_at(ByteView file, std::size_t at) {
  const auto count = [&](std::size_t number) {
    return static_cast<std::size_t>(
        static_cast<std::uint32_t>(big_endian(file, at + 20 + 4 * number, 4)));
  };
  return {count(0), count(1), count(2), count(3), count(4), count(5)};
}

}  // namespace

Result<TimeZone> TimeZone::load(std::string_view name) {
  if (!is_zone_name(name)) return invalid_argument("not the name of a time zone");
  SC_TRY_ASSIGN(const Bytes file, read_file(std::string(kZones) + std::string(name), kFileBytes));
  return parse(file);
}

Result<TimeZone> TimeZone::parse(ByteView file) {
  const auto damaged = data_loss("not a zoneinfo file");
  const auto has_header = [&](std::size_t at) {
    return file.size() >= at + kHeaderBytes && to_string(file.subspan(at, 4)) == "TZif";
  };
  if (!has_header(0)) return damaged;
  std::size_t at = 0;
  std::size_t time_bytes = 4;
  Counts counts = counts_at(file, 0);
  if (file[4] >= '2') {  // a second block has the same in 64 bits
    at = kHeaderBytes + counts.block_bytes(4);
    if (at > file.size() || !has_header(at)) return damaged;
    counts = counts_at(file, at);
    time_bytes = 8;
  }
  at += kHeaderBytes;
  if (counts.types == 0 || counts.block_bytes(time_bytes) > file.size() - at) return damaged;
  const std::size_t numbers_at = at + counts.times * time_bytes;
  const std::size_t types_at = numbers_at + counts.times;
  const auto offset_of = [&](std::size_t type) { return big_endian(file, types_at + 6 * type, 4); };
  const auto possible = [](std::int64_t offset_s) {
    return offset_s <= kLongestOffsetS && offset_s >= -kLongestOffsetS;
  };
  TimeZone zone;
  zone.first_offset_s_ = offset_of(0);
  if (!possible(zone.first_offset_s_)) return damaged;
  for (std::size_t i = 0; i < counts.times; ++i) {
    const std::size_t type = file[numbers_at + i];
    if (type >= counts.types) return damaged;
    const Change change{big_endian(file, at + i * time_bytes, time_bytes), offset_of(type)};
    if (!possible(change.offset_s)) return damaged;
    if (!zone.changes_.empty() && change.at_s <= zone.changes_.back().at_s) return damaged;
    zone.changes_.push_back(change);
  }
  return zone;
}

std::int64_t TimeZone::offset_s(std::int64_t unix_s) const {
  const auto later =
      std::upper_bound(changes_.begin(), changes_.end(), unix_s,
                       [](std::int64_t at, const Change& change) { return at < change.at_s; });
  return later == changes_.begin() ? first_offset_s_ : std::prev(later)->offset_s;
}

int TimeZone::day_of(std::int64_t unix_us) const {
  constexpr std::int64_t kDayS = 86'400;
  const auto floor_by = [](std::int64_t value, std::int64_t by) {
    return value / by - (value % by < 0 ? 1 : 0);
  };
  const std::int64_t unix_s = floor_by(unix_us, 1'000'000);
  return static_cast<int>(floor_by(unix_s + offset_s(unix_s), kDayS));
}

}  // namespace sitecast
