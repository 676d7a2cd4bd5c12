// SPDX-License-Identifier: Apache-2.0
#include "agent/spool/record.h"

#include <gtest/gtest.h>

#include "agent/spool/spool_file.h"

namespace sitecast::agent {
namespace {

RecordHead head() {
  RecordHead head;
  head.sequence = 0x0102030405;
  head.part_hash.fill(0xaa);
  head.running_hash.fill(0xbb);
  return head;
}

TEST(RecordTest, LayoutIsAsDocumented) {
  const auto prefix = make_record_prefix(head(), as_bytes("frame"));
  EXPECT_EQ(hex_encode(ByteView(prefix).first(4)), "0000004e");  // 73 + 5
  EXPECT_EQ(prefix[8], 1);
  EXPECT_EQ(hex_encode(ByteView(prefix).subspan(9, 8)), "0000000102030405");
  EXPECT_EQ(prefix[17], 0xaa);
  EXPECT_EQ(prefix[kRecordRunningHashOffset], 0xbb);
  EXPECT_EQ(record_size_bytes(prefix), prefix.size() + 5);
  EXPECT_EQ(record_sequence(prefix), head().sequence);
  EXPECT_EQ(record_running_hash(prefix), head().running_hash);
}

TEST(RecordTest, AnyFlippedBitIsFound) {
  const std::string frame = "the frame's bytes";
  const auto prefix = make_record_prefix(head(), as_bytes(frame));
  ASSERT_TRUE(check_record(prefix, as_bytes(frame)).has_value());
  for (std::size_t i = 0; i < prefix.size() * 8; ++i) {
    auto changed = prefix;
    changed[i / 8] ^= static_cast<std::uint8_t>(1U << i % 8);
    EXPECT_FALSE(check_record(changed, as_bytes(frame)).has_value()) << i;
  }
  for (std::size_t i = 0; i < frame.size() * 8; ++i) {
    auto changed = frame;
    changed[i / 8] = static_cast<char>(changed[i / 8] ^ (1 << i % 8));
    EXPECT_FALSE(check_record(prefix, as_bytes(changed)).has_value()) << i;
  }
  EXPECT_FALSE(check_record(prefix, as_bytes(frame).first(5)).has_value());
}

TEST(RecordTest, AZeroFilledTailIsNoRecord) {
  const Bytes zeros(100, 0);
  EXPECT_EQ(record_size_bytes(zeros), std::nullopt);
}

TEST(SpoolFileTest, NamesAreReadBack) {
  const auto name = parse_spool_file_name(spool_file_name("video.2", 0xabc, 3));
  ASSERT_TRUE(name.has_value());
  EXPECT_EQ(name->track, "video.2");
  EXPECT_EQ(name->first, 0xabcU);
  EXPECT_EQ(name->attempt, 3U);
  for (const char* other : {"", ".parts", "video.parts", "video.000000000000.parts",
                            "video.00000000000g.0.parts", "nonsense.000000000000.0.parts",
                            "video.000000000000.x.parts", "../video.000000000000.0.parts"}) {
    EXPECT_FALSE(parse_spool_file_name(other).has_value()) << other;
  }
}

}  // namespace
}  // namespace sitecast::agent
