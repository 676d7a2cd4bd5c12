// SPDX-License-Identifier: Apache-2.0
#include "hub/index/cells.h"

#include <algorithm>

#include "hub/index/varint.h"
#include "proto/codec/cmaf_muxer.h"

namespace sitecast::hub {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHash8Bytes = 8;
constexpr std::uint64_t kRowSeconds = 60;
constexpr std::uint64_t kFileRowBytes = 64ULL * 1024 * 1024;

constexpr std::uint64_t kStartsSegment = 1;
constexpr std::uint64_t kFilledLater = 2;

Cell cell_of(const PartRef& part) {
  Cell cell;
  cell.first_sequence = part.sequence;
  cell.part_count = 1;
  cell.media_time = part.media_time;
  cell.end_media_time = part.media_time + part.duration;
  cell.media_offset = part.media_offset;
  cell.size_bytes = part.size_bytes;
  cell.starts_segment = part.starts_segment;
  cell.filled_later = part.filled_later;
  if (part.starts_segment) cell.init_hash8 = part.init_hash8;
  return cell;
}

bool follows(const Cell& left, const Cell& right) {
  return right.first_sequence == left.end_sequence() && !right.starts_segment &&
         right.filled_later == left.filled_later &&
         right.media_offset == left.media_offset + left.size_bytes;
}

void extend(Cell& left, const Cell& right) {
  left.part_count += right.part_count;
  left.end_media_time = right.end_media_time;
  left.size_bytes += right.size_bytes;
}

}  // namespace

std::uint64_t row_span(TrackKind kind) {
  switch (kind) {
    case TrackKind::kVideo:
    case TrackKind::kMaster: return kRowSeconds * kVideoTimescale;
    case TrackKind::kAudio:
    case TrackKind::kTalk: return kRowSeconds * kOpusTimescale;
    case TrackKind::kImage:
    case TrackKind::kFile: return kFileRowBytes;
  }
  return kFileRowBytes;
}

std::size_t CellRow::position_after(std::uint64_t sequence) const {
  const auto after = std::upper_bound(
      cells_.begin(), cells_.end(), sequence,
      [](std::uint64_t value, const Cell& cell) { return value < cell.first_sequence; });
  return static_cast<std::size_t>(after - cells_.begin());
}

bool CellRow::contains(std::uint64_t sequence) const {
  const std::size_t after = position_after(sequence);
  return after > 0 && sequence < cells_[after - 1].end_sequence();
}

bool CellRow::add(const PartRef& part) {
  const std::size_t after = position_after(part.sequence);
  if (after > 0 && part.sequence < cells_[after - 1].end_sequence()) return false;
  const Cell cell = cell_of(part);
  std::size_t at = after;
  if (after > 0 && follows(cells_[after - 1], cell)) {
    at = after - 1;
    extend(cells_[at], cell);
  } else {
    cells_.insert(cells_.begin() + static_cast<std::ptrdiff_t>(after), cell);
  }
  if (at + 1 < cells_.size() && follows(cells_[at], cells_[at + 1])) {
    extend(cells_[at], cells_[at + 1]);
    cells_.erase(cells_.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
  return true;
}

Bytes CellRow::encode() const {
  std::vector<std::string> hashes;
  for (const Cell& cell : cells_) {
    if (cell.starts_segment && !cell.init_hash8.empty() &&
        std::find(hashes.begin(), hashes.end(), cell.init_hash8) == hashes.end()) {
      hashes.push_back(cell.init_hash8);
    }
  }
  Bytes out{kVersion};
  put_varint(out, hashes.size());
  for (const std::string& hash : hashes) out.insert(out.end(), hash.begin(), hash.end());
  put_varint(out, cells_.size());
  Cell previous;
  for (const Cell& cell : cells_) {
    put_varint(out,
               (cell.starts_segment ? kStartsSegment : 0) | (cell.filled_later ? kFilledLater : 0));
    put_varint(out, cell.first_sequence - previous.end_sequence());
    put_varint(out, cell.part_count);
    put_difference(out, cell.media_time, previous.end_media_time);
    put_difference(out, cell.end_media_time, cell.media_time);
    put_difference(out, cell.media_offset, previous.media_offset + previous.size_bytes);
    put_varint(out, cell.size_bytes);
    if (cell.starts_segment) {
      const auto found = std::find(hashes.begin(), hashes.end(), cell.init_hash8);
      // 0: no init segment (file tracks)
      put_varint(
          out, found == hashes.end() ? 0 : static_cast<std::uint64_t>(found - hashes.begin()) + 1);
    }
    previous = cell;
  }
  return out;
}

Result<CellRow> CellRow::decode(ByteView bytes) {
  const Error damaged = data_loss("packed row is damaged");
  VarintReader reader(bytes);
  const auto version = reader.varint();
  const auto hash_count = reader.varint();
  if (!version || *version != kVersion || !hash_count) return damaged;
  std::vector<std::string> hashes;
  for (std::uint64_t i = 0; i < *hash_count; ++i) {
    const auto hash = reader.bytes(kHash8Bytes);
    if (!hash) return damaged;
    hashes.push_back(to_string(*hash));
  }
  const auto cell_count = reader.varint();
  if (!cell_count) return damaged;
  CellRow row;
  Cell previous;
  for (std::uint64_t i = 0; i < *cell_count; ++i) {
    const auto flags = reader.varint();
    const auto skipped = reader.varint();
    const auto part_count = reader.varint();
    const auto media_time = reader.difference(previous.end_media_time);
    const auto end_media_time = reader.difference(media_time.value_or(0));
    const auto offset = reader.difference(previous.media_offset + previous.size_bytes);
    const auto size = reader.varint();
    if (!flags || !skipped || !part_count || !media_time || !end_media_time || !offset || !size) {
      return damaged;
    }
    Cell cell;
    cell.first_sequence = previous.end_sequence() + *skipped;
    cell.part_count = *part_count;
    cell.media_time = *media_time;
    cell.end_media_time = *end_media_time;
    cell.media_offset = *offset;
    cell.size_bytes = *size;
    cell.starts_segment = (*flags & kStartsSegment) != 0;
    cell.filled_later = (*flags & kFilledLater) != 0;
    if (cell.starts_segment) {
      const auto hash = reader.varint();
      if (!hash || *hash > hashes.size()) return damaged;
      if (*hash > 0) cell.init_hash8 = hashes[static_cast<std::size_t>(*hash) - 1];
    }
    row.cells_.push_back(cell);
    previous = std::move(cell);
  }
  if (!reader.at_end()) return damaged;
  return row;
}

}  // namespace sitecast::hub
