// SPDX-License-Identifier: Apache-2.0
#include "hub/archive/journal_rest.h"

#include <gtest/gtest.h>

#include <random>

#include "hub/archive/event_log.h"
#include "proto/base/file.h"
#include "tests/support/temp_dir.h"

namespace sitecast::hub {
namespace {

TEST(JournalRestTest, WholeRecordsAreFoundWhereverTheyBegin) {
  const TempDir dir;
  std::mt19937_64 random(9);
  Bytes record;
  append_event_record(record, {1, DeviceId::make(), Bytes(60'000, 3)});
  for (const std::size_t damage :
       {1UL, 70'000UL, (1UL << 20) - 10, 1UL << 20, (1UL << 20) + 61'000}) {
    Bytes bytes(damage);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    std::uint64_t expected = 0;
    for (; bytes.size() < (3UL << 20); ++expected) {
      bytes.insert(bytes.end(), record.begin(), record.end());
    }
    const auto path = dir.write("journal", as_text(bytes));
    const auto file = File::open_for_reading(path);
    ASSERT_TRUE(file.ok());
    const auto rest = event_log_rest(*file, 0, bytes.size());
    ASSERT_TRUE(rest.ok());
    EXPECT_EQ(rest->whole_records, expected);
    EXPECT_EQ(rest->first_whole_at, damage);
    EXPECT_EQ(rest->bytes, bytes.size());
  }
}

}  // namespace
}  // namespace sitecast::hub
