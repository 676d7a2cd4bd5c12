// SPDX-License-Identifier: Apache-2.0
#include "hub/archive/sync_pool.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "tests/support/fault_disk.h"
#include "tests/support/temp_dir.h"

namespace sitecast::hub {
namespace {

class SyncPoolTest : public testing::Test {
 protected:
  std::vector<File*> append_to(std::size_t count) {
    std::vector<File*> chosen;
    while (files_.size() < count) {
      auto file = File::create(dir_.path() / std::to_string(files_.size()));
      EXPECT_TRUE(file.ok());
      files_.push_back(std::make_unique<File>(std::move(*file)));
    }
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_TRUE(files_[i]->append(as_bytes("more")).ok());
      chosen.push_back(files_[i].get());
    }
    return chosen;
  }

  TempDir dir_;
  std::vector<std::unique_ptr<File>> files_;
};

TEST_F(SyncPoolTest, EachFileIsSyncedOncePerRound) {
  FaultDisk disk(dir_.path());
  SyncPool pool(8);
  std::uint64_t expected = 0;
  for (const std::size_t count : {1U, 3U, 100U, 8U, 0U, 9U}) {
    const auto statuses = pool.sync_all(append_to(count));
    ASSERT_EQ(statuses.size(), count);
    for (const Status& status : statuses) EXPECT_TRUE(status.ok());
    expected += count;
    EXPECT_EQ(disk.syncs(), expected);
  }
}

TEST_F(SyncPoolTest, AFailureIsThatOfTheFileWhoseSyncFailed) {
  FaultDisk disk(dir_.path());
  SyncPool pool(8);
  const auto files = append_to(40);
  disk.fail_sync(17, EIO);
  const auto statuses = pool.sync_all(files);
  std::size_t failed = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(statuses[i].ok(), !files[i]->failed()) << i;
    failed += statuses[i].ok() ? 0U : 1U;
  }
  EXPECT_EQ(failed, 1U);
}

}  // namespace
}  // namespace sitecast::hub
