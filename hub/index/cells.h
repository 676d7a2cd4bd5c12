// SPDX-License-Identifier: Apache-2.0
// Packed rows of the index: what seeking needs about the parts of one track in one stretch of media
// time (about a minute), without hashes. Format and reasons: hub/index/README.md, "Packed rows".
//
// A cell is a run of parts that follow each other in sequence and lie next to each other in the
// media file. A row is a pure function of the set of its parts: their order of arrival does not
// matter, and adding a part twice changes nothing. So late fills, replays after a crash and a
// rebuild all end in the same bytes. Thread-safety: value types.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/archive/sidecar.h"
#include "proto/base/bytes.h"
#include "proto/base/result.h"
#include "proto/codec/topics.h"

namespace sitecast::hub {

// What a sidecar record says about a part, as far as the index wants to know.
struct PartRef {
  std::uint64_t sequence = 0;
  std::uint64_t media_time = 0;
  std::uint32_t duration = 0;
  std::uint64_t media_offset = 0;
  std::uint64_t size_bytes = 0;
  bool starts_segment = false;  // carries an init segment, or is block 0 of a file track
  bool filled_later = false;    // came by `fill`
  bool last = false;
  std::string init_hash8;  // empty for file blocks
};

// The stretch of a track that one row covers, in the track's timescale. Fixed per kind of track, so
// that a part's row is known without its init segment: a minute of 90 kHz video, a minute of 48 kHz
// sound, 64 MiB of a file.
std::uint64_t row_span(TrackKind kind);
inline std::uint64_t row_number(TrackKind kind, std::uint64_t media_time) {
  return media_time / row_span(kind);
}
// A row's key in the index: the rows of a track follow each other. limits::kMediaTime keeps the
// numbers of rows below 2^32; whoever asks beyond that asks for the last possible row.
inline std::int64_t row_key(std::int64_t track_id, std::uint64_t row_number) {
  constexpr std::uint64_t kLastRow = (1ULL << 32) - 1;
  return track_id << 32 | static_cast<std::int64_t>(row_number < kLastRow ? row_number : kLastRow);
}

struct Cell {
  std::uint64_t first_sequence = 0;
  std::uint64_t part_count = 0;
  std::uint64_t media_time = 0;
  std::uint64_t end_media_time = 0;  // end of its last part
  std::uint64_t media_offset = 0;
  std::uint64_t size_bytes = 0;
  bool starts_segment = false;
  bool filled_later = false;
  std::string init_hash8;  // only where starts_segment

  [[nodiscard]] std::uint64_t end_sequence() const { return first_sequence + part_count; }
  bool operator==(const Cell&) const = default;
};

class CellRow {
 public:
  // false: a part with this sequence is here already, nothing changed.
  bool add(const PartRef& part);
  [[nodiscard]] bool contains(std::uint64_t sequence) const;

  // In order of sequence.
  [[nodiscard]] const std::vector<Cell>& cells() const { return cells_; }
  [[nodiscard]] bool empty() const { return cells_.empty(); }

  [[nodiscard]] Bytes encode() const;
  // kDataLoss when the bytes are not a row.
  static Result<CellRow> decode(ByteView bytes);

 private:
  [[nodiscard]] std::size_t position_after(std::uint64_t sequence) const;
  std::vector<Cell> cells_;
};

}  // namespace sitecast::hub
