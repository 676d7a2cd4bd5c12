// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/archive/made_track.h"

#include <algorithm>

#include "proto/codec/cmaf_muxer.h"

namespace sitecast::bench {
namespace {

constexpr std::uint64_t kVideoPartsPerSecond = 30;
constexpr std::uint64_t kAudioPartsPerSecond = 25;
constexpr std::uint64_t kKeyIntervalS = 2;
constexpr std::uint64_t kAudioInitIntervalS = 5;
constexpr std::uint64_t kLateParts = 12;

// A number that looks random, for each (seed, n) its own (splitmix64).
std::uint64_t scramble(std::uint64_t seed, std::uint64_t n) {
  std::uint64_t x = seed * 0x9e3779b97f4a7c15U + n;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

bool is_video(TrackKind kind) { return kind == TrackKind::kVideo; }

std::uint64_t parts_per_second(TrackKind kind) {
  return is_video(kind) ? kVideoPartsPerSecond : kAudioPartsPerSecond;
}

std::uint64_t parts_per_segment(TrackKind kind) {
  return parts_per_second(kind) * (is_video(kind) ? kKeyIntervalS : kAudioInitIntervalS);
}

}  // namespace

MadeTrack::MadeTrack(MadeTrackOptions options) : options_(std::move(options)) {
  hub::CellRow row;
  std::uint64_t size = 0;
  for (std::uint64_t block = 0; block < options_.blocks; ++block) {
    if (block % kBlocksPerRow == 0) row = hub::CellRow();
    for_each_part(block, size, [&](const hub::PartRef& part) {
      row.add(part);
      size = std::max(size, part.media_offset + part.size_bytes);
    });
    rows_.push_back(row.encode());
    size_after_.push_back(size);
  }
}

std::uint64_t MadeTrack::parts_per_block() const {
  return parts_per_second(options_.kind) * kBlockSeconds;
}

std::uint32_t MadeTrack::part_duration() const {
  const std::uint32_t timescale = is_video(options_.kind) ? kVideoTimescale : kOpusTimescale;
  return timescale / static_cast<std::uint32_t>(parts_per_second(options_.kind));
}

std::uint64_t MadeTrack::size_bytes(std::uint64_t blocks) const { return size_after_[blocks - 1]; }

const Bytes& MadeTrack::row(std::uint64_t number, std::uint64_t blocks) const {
  return rows_[std::min((number + 1) * kBlocksPerRow, blocks) - 1];
}

// About 2.5 Mbit/s of pictures, 48 kbit/s of sound.
std::uint64_t MadeTrack::part_bytes(std::uint64_t sequence) const {
  const std::uint64_t random = scramble(options_.seed, sequence);
  if (!is_video(options_.kind)) return 290 + random % 120;
  const bool key = sequence % parts_per_segment(options_.kind) == 0;
  return key ? 38'000 + random % 22'000 : 6'000 + random % 8'000;
}

void MadeTrack::for_each_part(std::uint64_t block, std::uint64_t offset,
                              const std::function<void(const hub::PartRef&)>& visit) const {
  const std::uint64_t count = parts_per_block();
  const std::uint64_t first = block * count;
  const std::uint64_t first_late =
      options_.some_parts_late ? first + scramble(options_.seed, block) % (count - kLateParts)
                               : UINT64_MAX;
  const auto is_late = [&](std::uint64_t sequence) {
    return sequence >= first_late && sequence - first_late < kLateParts;
  };
  for (const bool late : {false, true}) {
    for (std::uint64_t sequence = first; sequence < first + count; ++sequence) {
      if (is_late(sequence) != late) continue;
      hub::PartRef part;
      part.sequence = sequence;
      part.media_time = sequence * part_duration();
      part.duration = part_duration();
      part.media_offset = offset;
      part.size_bytes = part_bytes(sequence);
      part.starts_segment = sequence % parts_per_segment(options_.kind) == 0;
      part.filled_later = late;
      part.init_hash8 = options_.init_hash8;
      offset += part.size_bytes;
      visit(part);
    }
  }
}

}  // namespace sitecast::bench
