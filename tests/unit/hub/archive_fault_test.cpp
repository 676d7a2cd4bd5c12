// SPDX-License-Identifier: Apache-2.0
// What commit() calls durable is there after a power cut at any sync, and after failed writes and
// syncs nothing is called durable that is not.
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/support/fault_disk.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/hub/archive_writer.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;

// As on a file system that others keep busy: files are then synced one by one.
void make_syncfs_slow(FaultDisk& disk, Writer& writer) {
  disk.at_sync_all([&writer] { writer.clock().advance_us(60'000'000); });
}

class ArchiveFaultTest : public testing::Test {
 protected:
  void make_tracks(std::size_t count, std::uint64_t seed) {
    const SigningKey key = SigningKey::generate();
    for (std::size_t i = 0; i < count; ++i) {
      TrackOptions options;
      options.seed = seed * 100 + i;
      options.part_bytes = 300;
      makers_.emplace_back(CaptureId::make(), i % 2 == 0 ? "video" : "audio", key, options);
      keys_.push_back({project_, makers_.back().capture(), makers_.back().track()});
    }
  }

  static void expect_within(const Hashes& receipted, const Hashes& archived,
                            const std::string& what) {
    for (const auto& [id, hash] : receipted) {
      const auto found = archived.find(id);
      ASSERT_NE(found, archived.end())
          << what << ": receipted part " << id.second << " of " << id.first.track << " is gone";
      ASSERT_EQ(found->second, hash) << what;
    }
  }
  static void expect_within(const Events& receipted, const Events& archived,
                            const std::string& what) {
    for (const auto& [id, bytes] : receipted) {
      const auto found = archived.find(id);
      ASSERT_NE(found, archived.end()) << what << ": receipted event is gone";
      ASSERT_EQ(found->second, bytes) << what;
    }
  }

  TempDir dir_;
  ProjectId project_ = ProjectId::make();
  DeviceId device_ = DeviceId::make();
  std::vector<TrackMaker> makers_;
  std::vector<TrackKey> keys_;
};

TEST_F(ArchiveFaultTest, WhatWasReceiptedSurvivesAPowerCutAtAnySync) {
  fs::path state = dir_.path() / "0";
  fs::create_directories(state);
  make_tracks(5, 1);
  Hashes receipted;
  Events receipted_events;
  std::mt19937_64 random(31);
  for (int round = 1; round <= 80; ++round) {
    const std::string what = "round " + std::to_string(round);
    const fs::path left = dir_.path() / std::to_string(round);
    make_tracks(2, static_cast<std::uint64_t>(round) + 10);
    {
      FaultDisk disk(state);
      disk.cut_power_at_sync(1 + random() % 150, left, random());
      Writer writer(state, random(), makers_, project_, device_);
      if (round % 2 == 0) make_syncfs_slow(disk, writer);
      // What was receipted before the cut began; later receipts are of a world that is gone.
      Hashes before = receipted;
      Events events_before = receipted_events;
      while (!disk.power_was_cut()) {
        before = receipted;
        events_before = receipted_events;
        const std::uint64_t steps = random() % 12;
        for (std::uint64_t step = 0; step < steps; ++step) writer.random_step();
        if (disk.power_was_cut()) break;
        writer.commit(receipted, receipted_events);
      }
      receipted = before;
      receipted_events = events_before;
    }
    fs::remove_all(state);
    state = left;
    // The next start repairs; then everything is read by itself.
    {
      const FaultDisk quick(state);
      Writer repaired(state, random(), makers_, project_, device_);
      for (const TrackKey& key : keys_) {
        const auto receipt = repaired.archive().receipt(Sender{project_, device_, false}, key);
        if (!receipt.ok()) continue;
        for (std::uint64_t i = 0; i < receipt->contiguous(); ++i) {
          // Whatever the hub says after the repair it must have.
          receipted.emplace(std::pair(key, i), Hash{});
        }
      }
      for (std::size_t track = 0; track < makers_.size(); ++track) {
        ASSERT_TRUE(repaired.store(track, makers_[track].next())) << what << ": not writable";
      }
      repaired.commit(receipted, receipted_events);
    }
    const Contents contents = read_archive(Layout(state), keys_, project_);
    for (auto& [id, hash] : receipted) {
      const auto found = contents.parts.find(id);
      if (hash == Hash{} && found != contents.parts.end()) hash = found->second;
    }
    ASSERT_NO_FATAL_FAILURE(expect_within(receipted, contents.parts, what));
    ASSERT_NO_FATAL_FAILURE(expect_within(receipted_events, contents.events, what));
    if (HasFailure()) return;
  }
  EXPECT_GT(receipted.size(), 500U);
  EXPECT_GT(receipted_events.size(), 50U);
}

TEST_F(ArchiveFaultTest, FailedWritesAndSyncsAreNeverReceiptedAndAreOvercome) {
  const fs::path state = dir_.path() / "state";
  fs::create_directories(state);
  make_tracks(4, 2);
  Hashes receipted;
  Events receipted_events;
  std::mt19937_64 random(32);
  std::uint64_t refused_groups = 0;
  for (int round = 1; round <= 40; ++round) {
    const fs::path left = dir_.path() / ("left" + std::to_string(round));
    make_tracks(1, static_cast<std::uint64_t>(round) + 10);
    {
      FaultDisk disk(state);
      Writer writer(state, random(), makers_, project_, device_);
      if (round % 2 == 0) make_syncfs_slow(disk, writer);
      for (int group = 0; group < 12; ++group) {
        if (random() % 2 == 0) disk.fail_sync(1 + random() % 3, EIO);
        if (random() % 3 == 0) disk.fail_write(1 + random() % 8, random() % 2 == 0 ? EIO : ENOSPC);
        for (int step = 0; step < 8; ++step) writer.random_step();
        const std::size_t before = receipted.size();
        writer.commit(receipted, receipted_events, [&disk] {
          // The planned failures were for the archive and not for the index after it.
          disk.fail_sync(0, 0);
          disk.fail_write(0, 0);
        });
        if (receipted.size() == before) ++refused_groups;
      }
      // A part whose group failed is taken when it comes again.
      ASSERT_TRUE(writer.store(0, makers_[0].next()));
      writer.commit(receipted, receipted_events);
      // Nothing that was receipted depends on a page that only a failed sync could have written.
      disk.leave_after_power_cut(left, random());
    }
    {
      const FaultDisk quick(left);
      Writer repaired(left, random(), makers_, project_, device_);
    }
    const Contents contents = read_archive(Layout(left), keys_, project_);
    const std::string what = "round " + std::to_string(round);
    ASSERT_NO_FATAL_FAILURE(expect_within(receipted, contents.parts, what));
    ASSERT_NO_FATAL_FAILURE(expect_within(receipted_events, contents.events, what));
    fs::remove_all(left);
    if (HasFailure()) return;
  }
  EXPECT_GT(refused_groups, 20U);
  EXPECT_GT(receipted.size(), 500U);
}

}  // namespace
}  // namespace sitecast::hub
