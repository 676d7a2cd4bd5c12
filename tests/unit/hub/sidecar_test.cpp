// SPDX-License-Identifier: Apache-2.0
#include "hub/archive/sidecar.h"

#include <gtest/gtest.h>

#include "proto/base/crc32c.h"
#include "tests/support/temp_dir.h"

namespace sitecast::hub {
namespace {

struct Sample {
  Bytes envelope;
  Bytes proof;
  SidecarRecord record;
};

Sample make_sample(std::uint8_t seed) {
  Sample sample;
  sample.envelope.assign(20U + seed, seed);
  sample.proof.assign(seed, static_cast<std::uint8_t>(seed + 1));
  sample.record.flags = kArrivedLive;
  sample.record.media_offset = 1'000'000'000'000ULL + seed;
  sample.record.media_size_bytes = 4000U + seed;
  sample.record.received_at_us = 1'700'000'000'000'000LL + seed;
  sample.record.part_hash.fill(seed);
  sample.record.envelope_bytes = sample.envelope;
  sample.record.proof_bytes = sample.proof;
  return sample;
}

// Offsets after each record.
std::vector<std::size_t> append_samples(Bytes& out, int count) {
  std::vector<std::size_t> ends;
  for (int i = 0; i < count; ++i) {
    append_sidecar_record(out, make_sample(static_cast<std::uint8_t>(i)).record);
    ends.push_back(out.size());
  }
  return ends;
}

TEST(Crc32cTest, MatchesRfc3720Vectors) {
  EXPECT_EQ(crc32c(Bytes(32, 0)), 0x8a9136aaU);
  EXPECT_EQ(crc32c(Bytes(32, 0xff)), 0x62a8ab43U);
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283U);
}

TEST(SidecarTest, RecordComesBackAsWritten) {
  const Sample sample = make_sample(7);
  Bytes bytes;
  append_sidecar_record(bytes, sample.record);
  const auto parsed = parse_sidecar_record(bytes);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->size_bytes, bytes.size());
  EXPECT_EQ(parsed->record.flags, sample.record.flags);
  EXPECT_EQ(parsed->record.media_offset, sample.record.media_offset);
  EXPECT_EQ(parsed->record.media_size_bytes, sample.record.media_size_bytes);
  EXPECT_EQ(parsed->record.received_at_us, sample.record.received_at_us);
  EXPECT_EQ(parsed->record.part_hash, sample.record.part_hash);
  EXPECT_EQ(to_string(parsed->record.envelope_bytes), to_string(sample.envelope));
  EXPECT_EQ(to_string(parsed->record.proof_bytes), to_string(sample.proof));
}

TEST(SidecarTest, AnyFlippedBitEndsTheRead) {
  Bytes bytes;
  append_sidecar_record(bytes, make_sample(3).record);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes damaged = bytes;
    damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_FALSE(parse_sidecar_record(damaged)) << "bit " << bit;
  }
}

TEST(SidecarTest, HeaderNamesTheDeviceAndNoticesDamage) {
  const TempDir dir;
  const DeviceId device = DeviceId::make();
  Bytes header = make_sidecar_header(device);
  ASSERT_EQ(header.size(), kSidecarHeaderBytes);
  auto file = File::create(dir.path() / "whole.sidecar");
  ASSERT_TRUE(file.ok() && file->append(header).ok());
  const auto read = read_sidecar_header(*file);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, device);
  header[9] ^= 1;
  auto damaged = File::create(dir.path() / "damaged.sidecar");
  ASSERT_TRUE(damaged.ok() && damaged->append(header).ok());
  EXPECT_EQ(read_sidecar_header(*damaged).error().kind(), ErrorKind::kDataLoss);
}

TEST(SidecarTest, FileTornAtAnyByteReadsUpToTheLastWholeRecord) {
  Bytes bytes = make_sidecar_header(DeviceId::make());
  const auto ends = append_samples(bytes, 6);
  const TempDir dir;
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const auto path = dir.path() / "torn.sidecar";
    std::filesystem::remove(path);
    auto file = File::create(path);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file->append(ByteView(bytes).first(cut)).ok());
    std::size_t records = 0;
    const auto end = read_sidecar(*file, 0, [&](const SidecarRecord& record, std::uint64_t) {
      EXPECT_EQ(record.media_size_bytes, 4000U + records);
      ++records;
      return true;
    });
    ASSERT_TRUE(end.ok());
    std::size_t whole = 0;
    while (whole < ends.size() && ends[whole] <= cut) ++whole;
    EXPECT_EQ(records, whole) << "cut at " << cut;
    const std::size_t header_end = cut < kSidecarHeaderBytes ? 0 : kSidecarHeaderBytes;
    EXPECT_EQ(*end, whole == 0 ? header_end : ends[whole - 1]);
  }
}

TEST(SidecarTest, ZeroFilledTailIsTorn) {
  Bytes bytes = make_sidecar_header(DeviceId::make());
  const auto ends = append_samples(bytes, 2);
  bytes.resize(bytes.size() + 4096, 0);
  const TempDir dir;
  auto file = File::create(dir.path() / "zeros.sidecar");
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->append(bytes).ok());
  const auto end = read_sidecar(*file, 0, [](const SidecarRecord&, std::uint64_t) { return true; });
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(*end, ends.back());
}

TEST(SidecarTest, ReadsAcrossBufferBordersAndFromAnOffset) {
  Bytes bytes = make_sidecar_header(DeviceId::make());
  std::vector<std::size_t> ends;
  for (int round = 0; round < 3000; ++round) {
    append_sidecar_record(bytes, make_sample(static_cast<std::uint8_t>(round % 200)).record);
    ends.push_back(bytes.size());
  }
  const TempDir dir;
  auto file = File::create(dir.path() / "long.sidecar");
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->append(bytes).ok());
  std::size_t next = 1234;
  const auto end =
      read_sidecar(*file, ends[next - 1], [&](const SidecarRecord& record, std::uint64_t offset) {
        EXPECT_EQ(offset, ends[next - 1]);
        EXPECT_EQ(record.part_hash[0], next % 200);
        ++next;
        return next < 2500;
      });
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(next, 2500U);
  EXPECT_EQ(*end, ends[2499]);
}

}  // namespace
}  // namespace sitecast::hub
