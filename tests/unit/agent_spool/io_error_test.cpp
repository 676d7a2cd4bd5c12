// SPDX-License-Identifier: Apache-2.0
// Every write and every sync of a spool fails once, one after the other: what was called synced is
// there, as it was, after the next start.
#include "tests/unit/agent_spool/spool_fixture.h"

namespace sitecast::agent {
namespace {

constexpr std::uint64_t kParts = 24;

class SpoolIoErrorTest : public SpoolTest {
 protected:
  SpoolIoErrorTest() { settings.file_bytes = 6'000; }

  // Films a capture while the n-th call of one kind fails; false: there were fewer than n.
  bool film_with(std::atomic<int> FaultDisk::*at, std::atomic<int> FaultDisk::*count, int nth) {
    open();
    auto writer = open_capture();
    const CaptureId id = writer->id();
    TrackHandle handle = 0;
    for (const auto& [one, description] : listener->tracks) {
      if (description.capture == id) handle = one;
    }
    disk.*at = disk.*count + nth;

    for (std::uint64_t i = 0; i < kParts; ++i) {
      // A refused part is filmed again, as the next one would be.
      Status status = writer->append("video", make_part(i));
      if (!status.ok()) status = writer->append("video", make_part(i));
      EXPECT_TRUE(status.ok()) << status.error().message();
      if (i % 4 == 3) {
        EXPECT_TRUE(wait_synced(handle, i + 1));
      }
    }
    const bool hit = disk.*count >= disk.*at;
    disk.*at = 0;
    EXPECT_TRUE(writer->close("stopped", "").ok());
    writer.reset();
    std::vector<Frame> made;
    for (std::uint64_t i = 0; i < kParts; ++i) made.push_back(listener->frames[{handle, i}]);
    open();
    for (const auto& [one, description] : listener->tracks) {
      if (description.capture != id) continue;
      EXPECT_EQ(description.made, kParts);
      for (std::uint64_t i = 0; i < kParts; ++i) {
        const auto frame = spool->read_frame(one, i);
        EXPECT_TRUE(frame.ok()) << i;
        if (frame.ok()) {
          EXPECT_EQ(**frame, *made[i]) << i;
        }
      }
    }
    return hit;
  }
  void sweep(std::atomic<int> FaultDisk::*at, std::atomic<int> FaultDisk::*count, int least) {
    int nth = 1;
    for (; nth < 200; ++nth) {
      SCOPED_TRACE(nth);
      if (!film_with(at, count, nth) || HasFailure()) break;
    }
    EXPECT_GT(nth, least);
  }
};

TEST_F(SpoolIoErrorTest, EveryWriteFailsOnce) {
  disk.torn = true;
  sweep(&FaultDisk::fail_append_at, &FaultDisk::appends, static_cast<int>(kParts) - 1);
}

TEST_F(SpoolIoErrorTest, EverySyncOfAFileFailsOnce) {
  sweep(&FaultDisk::fail_sync_at, &FaultDisk::syncs, 5);
}

TEST_F(SpoolIoErrorTest, EverySyncOfAFolderFailsOnce) {
  sweep(&FaultDisk::fail_folder_sync_at, &FaultDisk::folder_syncs, 3);
}

}  // namespace
}  // namespace sitecast::agent
