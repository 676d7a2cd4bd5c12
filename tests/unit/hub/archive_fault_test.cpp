// SPDX-License-Identifier: Apache-2.0
// What commit() calls durable is there after a power cut at any sync, and after failed writes and
// syncs nothing is called durable that is not.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "hub/archive/archive.h"
#include "hub/index/current.h"
#include "hub/index/writer.h"
#include "proto/codec/part_frame.h"
#include "tests/support/fault_disk.h"
#include "tests/support/temp_dir.h"
#include "tests/support/track_maker.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;

using Hashes = std::map<std::pair<TrackKey, std::uint64_t>, Hash>;
using Events = std::map<std::pair<ProjectId, EventId>, Bytes>;

// What is in the archive, read without the hub's own state; every record's media is hashed.
struct Contents {
  Hashes parts;
  Events events;
};

Contents read_archive(const Layout& layout, const std::vector<TrackKey>& keys, ProjectId project) {
  Contents contents;
  for (const TrackKey& key : keys) {
    const auto sidecar =
        File::open_for_reading(layout.sidecar(key.project, key.capture, key.track));
    const auto media = File::open_for_reading(layout.media(key.project, key.capture, key.track));
    if (!sidecar.ok() || !media.ok()) continue;
    const auto end = read_sidecar(*sidecar, 0, [&](const SidecarRecord& record, std::uint64_t) {
      Bytes bytes(record.media_size_bytes);
      EXPECT_TRUE(media->read_at(record.media_offset, bytes).ok());
      const Hash hash = part_hash(record.envelope_bytes, bytes);
      EXPECT_EQ(hash, record.part_hash);
      const std::uint64_t sequence = parse_envelope(record.envelope_bytes)->sequence();
      EXPECT_TRUE(contents.parts.emplace(std::pair(key, sequence), hash).second) << "stored twice";
      return true;
    });
    EXPECT_TRUE(end.ok());
  }
  const auto log = File::open_for_reading(layout.event_log(project));
  if (!log.ok()) return contents;
  const auto end = read_event_log(*log, 0, [&](const EventRecord& record, std::uint64_t) {
    v1::Event event;
    EXPECT_TRUE(event.ParseFromArray(record.event_bytes.data(),
                                     static_cast<int>(record.event_bytes.size())));
    const bool once = contents.events
                          .emplace(std::pair(project, *EventId::from_bytes(event.event_id())),
                                   Bytes(record.event_bytes.begin(), record.event_bytes.end()))
                          .second;
    EXPECT_TRUE(once) << "logged twice";
    return true;
  });
  EXPECT_TRUE(end.ok());
  return contents;
}

// A hub's write path without broker: random parts and events, committed in random groups.
class Writer {
 public:
  Writer(const fs::path& state, std::uint64_t seed, std::vector<TrackMaker>& makers,
         ProjectId project, DeviceId device)
      : layout_(state), random_(seed), makers_(&makers), project_(project), device_(device) {
    auto index = current_index(layout_);
    const auto path = index.ok() ? *index : *new_index_path(layout_);
    auto writer = IndexWriter::open(path, layout_, Log("test"));
    EXPECT_TRUE(writer.ok());
    index_ = std::move(*writer);
    EXPECT_TRUE(index.ok() || switch_index(layout_, path).ok());
    auto opened = Archive::open(
        layout_, {}, clock_, [](auto&&...) { return true; }, Log("test"));
    EXPECT_TRUE(opened.ok()) << opened.error().message();
    archive_ = std::move(*opened);
    EXPECT_TRUE(index_->apply(archive_->recovered(), 0, true).ok());
  }

  // Stores the part again or for the first time; true: it is in the group.
  bool store(std::size_t track, const MadePart& made) {
    const TrackMaker& maker = (*makers_)[track];
    PartToStore part;
    part.sequence = made.sequence;
    part.hash = made.hash;
    part.envelope_bytes = made.envelope;
    part.proof_bytes = made.proof;
    part.media = made.media;
    const TrackKey key{project_, maker.capture(), maker.track()};
    const Verdict verdict =
        archive_->store(Sender{project_, device_, false}, key, part, *parse_proof(made.proof));
    if (verdict.kind == Verdict::Kind::kRefused) return false;
    group_parts_[{key, made.sequence}] = made.hash;
    return true;
  }

  void store_event() {
    v1::Event event;
    const EventId id = EventId::make();
    event.set_event_id(id.raw());
    event.set_kind("note");
    event.mutable_note()->set_text(std::string(random_() % 500, 'x'));
    const std::string text = event.SerializeAsString();
    const Verdict verdict =
        archive_->store(Sender{project_, device_, false},
                        EventToStore{id, "note", std::nullopt, 1, as_bytes(text)});
    if (verdict.kind == Verdict::Kind::kRefused) return;
    group_events_[{project_, id}] = Bytes(text.begin(), text.end());
  }

  // Moves the group to what counts as receipted.
  // `disk`: whose planned failures are for the archive and not for the index after it.
  void commit(Hashes& receipted, Events& receipted_events, FaultDisk* disk = nullptr) {
    const Committed committed = archive_->commit();
    if (disk != nullptr) {
      disk->fail_sync(0, 0);
      disk->fail_write(0, 0);
    }
    for (const auto& [id, hash] : group_parts_) {
      if (committed.failed_tracks.count(id.first) == 0) receipted[id] = hash;
    }
    if (committed.failed_logs.empty()) {
      receipted_events.insert(group_events_.begin(), group_events_.end());
    }
    group_parts_.clear();
    group_events_.clear();
    clock_.advance_us(2'000'000);  // what could not be written is tried again
    EXPECT_TRUE(index_->apply(committed.work, 0, random_() % 3 == 0).ok());
  }

  void random_step() {
    // Mostly the newest: their files are new.
    const std::size_t newest = std::min<std::size_t>(makers_->size(), 6);
    const std::size_t track =
        random_() % 8 == 0 ? random_() % makers_->size() : makers_->size() - 1 - random_() % newest;
    auto& late = late_[track];
    if (!late.empty() && random_() % 3 == 0) {
      store(track, late.back());
      late.pop_back();
      return;
    }
    MadePart part = (*makers_)[track].next();
    if (random_() % 4 == 0) {
      late.push_back(std::move(part));
      return;
    }
    store(track, part);
    if (random_() % 5 == 0) store(track, part);  // again
    if (random_() % 6 == 0) store_event();
  }

  Archive& archive() { return *archive_; }
  // As on a file system that others keep busy: files are then synced one by one.
  void make_syncfs_slow(FaultDisk& disk) {
    disk.at_sync_all([this] { clock_.advance_us(60'000'000); });
  }
  std::mt19937_64& random() { return random_; }

 private:
  Layout layout_;
  FakeClock clock_;
  std::mt19937_64 random_;
  std::vector<TrackMaker>* makers_;
  ProjectId project_;
  DeviceId device_;
  std::unique_ptr<IndexWriter> index_;
  std::unique_ptr<Archive> archive_;
  Hashes group_parts_;
  Events group_events_;
  std::map<std::size_t, std::vector<MadePart>> late_;
};

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
      if (round % 2 == 0) writer.make_syncfs_slow(disk);
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
      if (round % 2 == 0) writer.make_syncfs_slow(disk);
      for (int group = 0; group < 12; ++group) {
        if (random() % 2 == 0) disk.fail_sync(1 + random() % 3, EIO);
        if (random() % 3 == 0) disk.fail_write(1 + random() % 8, random() % 2 == 0 ? EIO : ENOSPC);
        for (int step = 0; step < 8; ++step) writer.random_step();
        const std::size_t before = receipted.size();
        writer.commit(receipted, receipted_events, &disk);
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
