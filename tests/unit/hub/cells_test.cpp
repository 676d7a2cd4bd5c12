// SPDX-License-Identifier: Apache-2.0
#include "hub/index/cells.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "proto/codec/limits.h"

namespace sitecast::hub {
namespace {

std::vector<PartRef> random_parts(std::mt19937_64& random, std::size_t count) {
  std::vector<PartRef> parts;
  std::uint64_t media_time = random() % 1000;
  for (std::size_t i = 0; i < count; ++i) {
    PartRef part;
    part.sequence = i;
    part.media_time = media_time;
    part.duration = static_cast<std::uint32_t>(random() % 5000);
    part.size_bytes = 1 + random() % 10'000;
    part.starts_segment = i % 7 == 0;
    part.filled_later = random() % 5 == 0;
    part.init_hash8 = i < count / 2 ? "12345678" : "abcdefgh";
    media_time += part.duration + random() % 3;
    if (random() % 20 == 0) media_time += 100'000;
    parts.push_back(std::move(part));
  }
  return parts;
}

// Offsets as they come from appending in this order.
void archive_in_order(std::vector<PartRef>& parts) {
  std::uint64_t offset = 0;
  for (PartRef& part : parts) {
    part.media_offset = offset;
    offset += part.size_bytes;
  }
}

TEST(CellRowTest, OrderOfArrivalDoesNotMatter) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    auto parts = random_parts(random, 1 + random() % 60);
    if (round % 3 != 0) std::shuffle(parts.begin(), parts.end(), random);
    archive_in_order(parts);
    CellRow first;
    for (const PartRef& part : parts) EXPECT_TRUE(first.add(part));
    std::shuffle(parts.begin(), parts.end(), random);
    CellRow second;
    for (const PartRef& part : parts) {
      EXPECT_TRUE(second.add(part));
      EXPECT_FALSE(second.add(part)) << "added twice";
    }
    EXPECT_EQ(first.cells(), second.cells());
  }
}

TEST(CellRowTest, PackedRowComesBackAsItWas) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 200; ++round) {
    auto parts = random_parts(random, random() % 80);
    std::shuffle(parts.begin(), parts.end(), random);
    archive_in_order(parts);
    CellRow row;
    for (const PartRef& part : parts) {
      if (random() % 4 != 0) row.add(part);
    }
    const auto back = CellRow::decode(row.encode());
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(back->cells(), row.cells());
  }
}

TEST(CellRowTest, PartsInOrderAreOneCellPerSegment) {
  std::mt19937_64 random(3);
  auto parts = random_parts(random, 70);
  for (PartRef& part : parts) part.filled_later = false;
  archive_in_order(parts);
  CellRow row;
  for (const PartRef& part : parts) row.add(part);
  EXPECT_EQ(row.cells().size(), 10U);
  EXPECT_LT(row.encode().size(), 10U * 20U);
}

TEST(CellRowTest, LateFillIsACellOfItsOwnAndSplitsWhereItStartsASegment) {
  std::mt19937_64 random(4);
  auto parts = random_parts(random, 14);
  for (PartRef& part : parts) part.filled_later = false;
  std::rotate(parts.begin() + 7, parts.begin() + 8, parts.end());  // part 7 arrives last
  archive_in_order(parts);
  CellRow row;
  for (const PartRef& part : parts) row.add(part);
  ASSERT_EQ(row.cells().size(), 3U);
  EXPECT_EQ(row.cells()[1].first_sequence, 7U);
  EXPECT_TRUE(row.cells()[1].starts_segment);
  EXPECT_EQ(row.cells()[2].first_sequence, 8U);
  EXPECT_FALSE(row.cells()[2].starts_segment);
}

TEST(CellRowTest, DamagedBytesAreRefusedOrAreAnotherRow) {
  std::mt19937_64 random(5);
  auto parts = random_parts(random, 40);
  archive_in_order(parts);
  CellRow row;
  for (const PartRef& part : parts) row.add(part);
  const Bytes packed = row.encode();
  for (std::size_t cut = 0; cut < packed.size(); ++cut) {
    EXPECT_FALSE(CellRow::decode(ByteView(packed).first(cut)).ok()) << cut;
  }
  for (int round = 0; round < 2000; ++round) {
    Bytes damaged = packed;
    damaged[random() % damaged.size()] = static_cast<std::uint8_t>(random());
    const auto decoded = CellRow::decode(damaged);  // must not crash or run away
    EXPECT_TRUE(!decoded.ok() || decoded->cells().size() <= damaged.size());
  }
}

TEST(RowKeyTest, RowsOfATrackNeverReachIntoTheNextTrack) {
  const std::uint64_t last = row_number(TrackKind::kAudio, limits::kMediaTime - 1);
  EXPECT_LT(row_key(7, last - 1), row_key(7, last));
  EXPECT_LT(row_key(7, last), row_key(8, 0));
  // Asked for by people, held by no track.
  for (const std::uint64_t beyond : {std::uint64_t{1} << 40, UINT64_MAX}) {
    EXPECT_LE(row_key(7, last), row_key(7, beyond));
    EXPECT_LT(row_key(7, beyond), row_key(8, 0));
  }
}

}  // namespace
}  // namespace sitecast::hub
