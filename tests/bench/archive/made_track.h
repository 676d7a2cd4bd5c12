// SPDX-License-Identifier: Apache-2.0
// The packed rows of a track that nobody filmed, for indexes of any size: made once, part by part,
// with the hub's own CellRow, and kept at every ten seconds, so that captures of any length share
// them. Only the index's bytes are made; there is no media. Thread-safe after construction.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "hub/index/cells.h"
#include "proto/base/bytes.h"
#include "proto/codec/topics.h"

namespace sitecast::bench {

inline constexpr std::uint64_t kBlockSeconds = 10;  // a capture lasts a whole number of blocks
inline constexpr std::uint64_t kBlocksPerRow = 6;   // a row is a minute
inline constexpr std::uint64_t kMostBlocks = 720;   // two hours

struct MadeTrackOptions {
  TrackKind kind = TrackKind::kVideo;  // kVideo: 30 parts a second; kAudio: 25
  std::string init_hash8;
  bool some_parts_late = false;  // in every block a run of parts came by `fill`
  std::uint64_t seed = 1;
  std::uint64_t blocks = kMostBlocks;
};

class MadeTrack {
 public:
  explicit MadeTrack(MadeTrackOptions options);

  [[nodiscard]] TrackKind kind() const { return options_.kind; }
  [[nodiscard]] std::uint64_t parts_per_block() const;
  [[nodiscard]] std::uint32_t part_duration() const;
  [[nodiscard]] std::uint64_t size_bytes(std::uint64_t blocks) const;

  // Encoded row `number` of a track that has `blocks` blocks. REQUIRES: it has that row.
  [[nodiscard]] const Bytes& row(std::uint64_t number, std::uint64_t blocks) const;
  [[nodiscard]] std::uint64_t first_sequence(std::uint64_t row_number) const {
    return row_number * kBlocksPerRow * parts_per_block();
  }

  // The parts of a block in the order of their bytes in the media file, which begin at `offset`.
  void for_each_part(std::uint64_t block, std::uint64_t offset,
                     const std::function<void(const hub::PartRef&)>& visit) const;

 private:
  [[nodiscard]] std::uint64_t part_bytes(std::uint64_t sequence) const;

  MadeTrackOptions options_;
  std::vector<Bytes> rows_;                // as encoded after each block
  std::vector<std::uint64_t> size_after_;  // of the media, after each block
};

}  // namespace sitecast::bench
